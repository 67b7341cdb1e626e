// SPDX-License-Identifier: MIT
import { sha256 } from './seal.js';

/** Where a chain of lines ends: its next line says that it follows this one. */
export interface LedgerEnd {
  readonly lines: number;
  /** SHA-256 of the last line's entry; empty before the first. */
  readonly last: string;
}

/** Before the first line. */
export const NO_LINES: LedgerEnd = { lines: 0, last: '' };

/**
 * The next line of a chain, without its newline, and where the chain ends with it: the SHA-256 of the
 * entry's text, a blank, the entry as JSON. It names the line that it follows, so that one that is
 * gone is missed.
 * @param schema of the entry
 */
export function chainLine(
  schema: number,
  entry: object,
  end: LedgerEnd,
): { readonly line: string; readonly end: LedgerEnd } {
  const text = JSON.stringify({ schema, after: end.last, ...entry });
  const last = sha256(text);
  return { line: `${last} ${text}`, end: { lines: end.lines + 1, last } };
}

/** A line of a chain that was read: its entry, and the line that it says it follows. */
export interface ChainEntry<T> {
  readonly entry: T;
  /** Null where the line's schema does not say. */
  readonly after: string | null;
}

/** What a chain's text holds: each line is read, or is a problem. */
export interface Chain<T> {
  /** In order, with the number of their lines, from 1. */
  readonly entries: readonly { readonly entry: T; readonly line: number }[];
  readonly problems: readonly string[];
  /** The last line has no end: its writer was killed. It counts for nothing and is no problem. */
  readonly torn: boolean;
  readonly end: LedgerEnd;
}

/**
 * Reads a chain of lines: one that is gone and one that is damaged are problems.
 * @param name of the file, for problems
 * @param parse reads the JSON of a line whose SHA-256 is right; null, or an error, where it cannot
 * @param start where it begins: what its first line says it follows
 */
export function readChain<T>(
  text: string,
  name: string,
  parse: (value: unknown) => ChainEntry<T> | null,
  start: LedgerEnd = NO_LINES,
): Chain<T> {
  const lines = text.split('\n');
  const torn = lines.pop() !== '';
  const entries: { entry: T; line: number }[] = [];
  const problems: string[] = [];
  let { last } = start;
  lines.forEach((line, index) => {
    const read = readLine(line, parse);
    if (read === null) problems.push(`${name} line ${index + 1} is damaged`);
    else {
      if (read.after !== null && read.after !== last) {
        problems.push(
          index === 0 && start.last !== ''
            ? `${name}: its first line is that of another file, or is not the first`
            : `${name}: a line is missing before line ${index + 1}`,
        );
      }
      entries.push({ entry: read.entry, line: index + 1 });
    }
    last = line.slice(0, 64);
  });
  return { entries, problems, torn, end: { lines: lines.length, last } };
}

function readLine<T>(
  line: string,
  parse: (value: unknown) => ChainEntry<T> | null,
): ChainEntry<T> | null {
  const text = line.slice(65);
  if (line[64] !== ' ' || sha256(text) !== line.slice(0, 64)) return null;
  try {
    return parse(JSON.parse(text));
  } catch {
    return null;
  }
}
