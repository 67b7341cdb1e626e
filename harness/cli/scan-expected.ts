// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import type { LoggedKernel } from '../console/index.js';
import { DmraceError } from '../model/errors.js';
import type { Finding } from '../model/finding.js';
import type { KnownIssue } from '../model/known.js';
import { coversKernel, fitsFinding } from '../model/known-cover.js';

/** Why a finding is no news. */
export interface Expectation {
  /** The reference of the known issue. */
  readonly known?: string;
  /** The expression that allows it. */
  readonly allowed?: string;
}

/** What `--known` and `--allow` say. */
export class Expected {
  known = 0;
  allowed = 0;

  constructor(
    private readonly issues: readonly KnownIssue[],
    private readonly patterns: readonly (readonly [source: string, pattern: RegExp])[],
  ) {}

  /** Counts a finding; says by what it was expected, if it was. */
  judge(finding: Finding, kernel: LoggedKernel | undefined): Expectation {
    const issue = this.issues.find(
      (one) => fitsFinding(one, finding) && (kernel === undefined || coversKernel(one, kernel)),
    );
    if (issue !== undefined) {
      this.known++;
      return { known: issue.reference };
    }
    const texts = [finding.title, finding.head];
    const allow = this.patterns.find(([, pattern]) => texts.some((text) => pattern.test(text)));
    if (allow === undefined) return {};
    this.allowed++;
    return { allowed: allow[0] };
  }

  /** Findings that do not count for the exit code. */
  get count(): number {
    return this.known + this.allowed;
  }
}

/** Reads the files of `--known` and `--allow`. */
export async function readExpected(
  known: string | undefined,
  allow: string | undefined,
): Promise<Expected> {
  return new Expected(
    known === undefined ? [] : await (await import('./known-file.js')).readKnownFile(known),
    allow === undefined ? [] : await readAllowFile(allow),
  );
}

/**
 * Reads an allow list: one POSIX extended regular expression a line, as for `grep -E -f`; a line
 * that begins with `#` is a comment.
 */
async function readAllowFile(file: string): Promise<[string, RegExp][]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw bad(file, `it cannot be read (${error instanceof Error ? error.message : error})`);
  });
  const patterns: [string, RegExp][] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    if (line.trim() === '' || /^\s*#/.test(line)) continue;
    try {
      patterns.push([line, new RegExp(fromExtended(line))]);
    } catch {
      throw bad(file, `line ${index + 1} is no regular expression: ${line}`);
    }
  }
  return patterns;
}

const bad = (file: string, observed: string): DmraceError =>
  new DmraceError('usage', {
    observed: `--allow ${file}: ${observed}`,
    artefact: file,
    action: 'mend it: one extended regular expression a line, comments after #',
  });

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: String.raw` \t`,
  cntrl: String.raw`\x00-\x1f\x7f`,
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: String.raw`!-\/:-@\[-\x60{-~`,
  space: String.raw`\s`,
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/**
 * The same in JavaScript's notation (POSIX.1-2017, XBD 9.3.5 and 9.4): in brackets a backslash is
 * itself, a `]` may come first, and classes have names; GNU has `\<` and `\>` for words' ends.
 */
export function fromExtended(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const at = text[i] ?? '';
    if (at === '\\') {
      const next = text[++i] ?? '\\';
      out += next === '<' || next === '>' ? String.raw`\b` : `\\${next}`;
    } else if (at === '[') {
      const [set, end] = brackets(text, i);
      out += set;
      i = end;
    } else if (at === '{' && !/^\{\d*,?\d*\}/.test(text.slice(i))) {
      out += String.raw`\{`;
    } else {
      out += at;
    }
  }
  return out;
}

/** One bracket expression from where it opens, and where it ends. */
function brackets(text: string, from: number): [string, number] {
  let i = from + 1;
  let out = '[';
  if (text[i] === '^') {
    out += '^';
    i++;
  }
  for (let first = true; i < text.length; i++, first = false) {
    const named = /^\[:(\w+):\]/.exec(text.slice(i));
    const at = text[i] ?? '';
    if (named) {
      const set = CLASSES[named[1] ?? ''];
      if (set === undefined) throw new SyntaxError(`no class ${named[0]}`);
      out += set;
      i += named[0].length - 1;
    } else if (at === ']' && !first) {
      return [`${out}]`, i];
    } else {
      out += /[[\]\\]/.test(at) ? `\\${at}` : at;
    }
  }
  throw new SyntaxError('a bracket that is not closed');
}
