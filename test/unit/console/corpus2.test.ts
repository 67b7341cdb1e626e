// SPDX-License-Identifier: MIT
import { describe, expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';
import type { RawFinding } from '../../../harness/model/finding.js';
import { type CorpusRecord, readSecondCorpus } from './support.js';

const corpus = readSecondCorpus();
const reason = typeof corpus === 'string' ? ` (skipped: ${corpus})` : '';
const records = typeof corpus === 'string' ? [] : corpus;
// A program that gave up is no crash of the kernel, whatever the corpus counts it as.
const crashes = records
  .filter((r) => r.crash && r.scope === 'kernel')
  .map((r) => ({ r, first: scanConsole(r.log)[0] }));
const share = (n: number, of: number): number => n / Math.max(1, of);

/** At the label's head, or in a report of several heads that holds it; see docs/console.md. */
const isLocated = (r: CorpusRecord, f: RawFinding | undefined): boolean =>
  f !== undefined &&
  (Math.abs(f.line - r.head_line) <= 3 || (f.line <= r.head_line && r.head_line <= f.lastLine));

/** A label that says `corrupted` is met by the same title with a function that was printed. */
const isTitled = (r: CorpusRecord, f: RawFinding | undefined): boolean => {
  if (f === undefined) return false;
  if ([r.title, ...r.alt].includes(f.title)) return true;
  const open = /^(.* )corrupted(?:\/\w+)?$/.exec(r.title)?.[1];
  return open !== undefined && f.title.startsWith(open) && f.function !== '';
};

describe.skipIf(reason !== '')(`the second corpus, as far as it was read${reason}`, () => {
  test('every crash is located, first, and no crash-free log is flagged', () => {
    const missed = crashes.filter(({ r, first }) => !isLocated(r, first));
    expect(missed.map(({ r }) => r.id)).toEqual([]);
    const flagged = records.filter((r) => !r.crash && scanConsole(r.log).length > 0);
    expect(flagged.map((r) => r.id)).toEqual([]);
  });

  test('kind, title and function', () => {
    const kinds = crashes.filter(({ r, first }) => r.kind_ok.includes(first?.kind ?? ''));
    const titles = crashes.filter(({ r, first }) => isTitled(r, first));
    const naming = crashes.filter(({ r }) => r.functions.length > 0);
    const named = naming.filter(({ r, first }) => r.functions.includes(first?.function ?? ''));
    expect(share(kinds.length, crashes.length)).toBeGreaterThanOrEqual(0.99);
    expect(share(titles.length, crashes.length)).toBeGreaterThanOrEqual(0.95);
    expect(share(named.length, naming.length)).toBeGreaterThanOrEqual(0.95);
  });
});
