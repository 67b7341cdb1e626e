// SPDX-License-Identifier: MIT

/** Characters that are told apart: of ASCII. */
const CODES = 128;
const SPACE = 0x20;
const NBSP = 0xa0;

/** Where the first character of a text is that is no blank (`\s` of what latin1 has). */
export function firstAt(text: string): number {
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && (code < 9 || code > 13) && code !== NBSP) break;
  }
  return at;
}

/**
 * Asks of a text whether it begins, behind blanks, with one of the alternatives of an expression.
 * The same as `^\s*(?:...)`, but sorted by the first character: of most lines one look at it says no.
 */
export function opening(forms: RegExp): (text: string) => boolean {
  let sorted: Sorted | undefined;
  return (text) => {
    // Most programs that load this read no report.
    sorted ??= sort(forms);
    const code = text.charCodeAt(firstAt(text));
    const asked = code < CODES ? code : CODES;
    const list = sorted.forms[asked] ?? [];
    if (list.length === 0) return false;
    const form = sorted.compiled[asked] ?? compile(list, forms.flags);
    sorted.compiled[asked] = form;
    return form.test(text);
  };
}

/** The alternatives by the first characters they may have, the last of them being any other. */
interface Sorted {
  readonly forms: readonly (readonly string[])[];
  readonly compiled: (RegExp | undefined)[];
}

function sort(forms: RegExp): Sorted {
  const sorted: string[][] = Array.from({ length: CODES + 1 }, () => []);
  for (const form of alternatives(forms.source)) {
    for (const code of firstsOf(form) ?? sorted.keys()) sorted[code]?.push(form);
  }
  return { forms: sorted, compiled: Array.from({ length: CODES + 1 }) };
}

const compile = (list: readonly string[], flags: string): RegExp =>
  new RegExp(`^\\s*(?:${list.join('|')})`, flags);

/** The alternatives of an expression, those in its groups aside. */
function alternatives(source: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of source.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|[()|]/gs)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (token === '|' && depth === 0) {
      found.push(source.slice(from, index));
      from = index + 1;
    }
  }
  return [...found, source.slice(from)];
}

/** What is optional, or of any length down to none. */
const OPTIONAL = /^(?:[?*]|\{0)/;

/** The characters that an alternative may begin with; nothing where that is not plain to see. */
function firstsOf(form: string): ReadonlySet<number> | undefined {
  if (form.startsWith('(?:')) {
    const end = closing(form);
    if (OPTIONAL.test(form.slice(end + 1))) return undefined;
    const inner = alternatives(form.slice(3, end)).map(firstsOf);
    return inner.every((set) => set !== undefined)
      ? new Set(inner.flatMap((set) => [...set]))
      : undefined;
  }
  const atom = /^(?:\\[^bBDSW]|\[(?!\^)(?:\\.|[^\]\\])+\]|[^\\[\](){}.*+?^$|])/s.exec(form)?.[0];
  if (atom === undefined || OPTIONAL.test(form.slice(atom.length))) return undefined;
  const first = new RegExp(`^${atom}$`, 's');
  const codes = Array.from({ length: CODES }, (_, code) => code);
  const found = codes.filter((code) => first.test(String.fromCharCode(code)));
  // A blank of its own may be the last of those before it.
  return found.some((code) => firstAt(String.fromCharCode(code)) > 0) ? undefined : new Set(found);
}

/** Where the group that a form begins with ends. */
function closing(form: string): number {
  let depth = 0;
  for (const { 0: token, index } of form.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|[()]/gs)) {
    if (token === '(') depth++;
    else if (token === ')' && --depth === 0) return index;
  }
  return form.length;
}
