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
 * The same as `^\s*(?:...)`.
 */
export function opening(forms: RegExp): (text: string) => boolean {
  const asked = byFirst(
    () => alternatives(forms.source),
    (list) => new RegExp(`^\\s*(?:${list.join('|')})`, forms.flags),
  );
  return (text) => asked(text, text.charCodeAt(firstAt(text)));
}

/**
 * Asks of a text whether one of some forms is in it as `whole` says, given the text's first character.
 * The forms are sorted by that, for speed: of most texts one look says no, and for the others few are left.
 * They are sorted and made when they are first asked for: most programs that load them read no report.
 */
export function byFirst(
  forms: () => readonly string[],
  whole: (list: readonly string[]) => RegExp,
): (text: string, first: number) => boolean {
  let sorted: readonly (readonly string[])[] | undefined;
  const made: (RegExp | undefined)[] = Array.from({ length: CODES + 1 });
  return (text, first) => {
    sorted ??= sort(forms());
    const asked = first < CODES ? first : CODES;
    const list = sorted[asked] ?? [];
    if (list.length === 0) return false;
    const form = made[asked] ?? whole(list);
    made[asked] = form;
    return form.test(text);
  };
}

/** The forms by the first characters they may have, the last of them being any other. */
function sort(forms: readonly string[]): readonly (readonly string[])[] {
  const sorted: string[][] = Array.from({ length: CODES + 1 }, () => []);
  for (const form of forms) {
    for (const code of firstsOf(form) ?? sorted.keys()) sorted[code]?.push(form);
  }
  return sorted;
}

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
  const found = codesOf(atom);
  // A blank of its own may be the last of those before it.
  return found.some((code) => firstAt(String.fromCharCode(code)) > 0) ? undefined : new Set(found);
}

/** The characters that one piece of an expression fits; most are a letter of its own. */
function codesOf(atom: string): number[] {
  if (atom.length === 1) return [atom.charCodeAt(0)];
  const first = new RegExp(`^${atom}$`, 's');
  const codes = Array.from({ length: CODES }, (_, code) => code);
  return codes.filter((code) => first.test(String.fromCharCode(code)));
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
