// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import {
  combine,
  KEPT,
  type LedgerEntry,
  ledgerLine,
  Retention,
  readLedger,
} from '../../../harness/runs/ledger.js';
import { capture, finding, result } from '../judge/support.js';

const { plan } = capture('in-module').note;
const judged = judgeTrial(capture('in-module'));
const entry = (index: number, kept = false): LedgerEntry => ({
  plan: { ...plan, index },
  kept,
  result: { ...judged, index },
});
const text = (...entries: LedgerEntry[]): string =>
  entries.map((one) => `${ledgerLine(one)}\n`).join('');

describe('a ledger', () => {
  it('gives back what was written, findings and steps included', () => {
    const ledger = readLedger(text(entry(0, true), entry(1)));
    expect(ledger).toEqual({ entries: [entry(0, true), entry(1)], problems: [], torn: false });
  });

  it('of a run from before there was one is empty', () => {
    expect(readLedger('')).toEqual({ entries: [], problems: [], torn: false });
  });

  it.each([
    ['another outcome', (line: string) => line.replace('"crashed"', '"survived"')],
    ['another sum', (line: string) => `x${line.slice(1)}`],
    ['half of it', (line: string) => line.slice(0, 500)],
    ['nothing', () => ''],
  ])('a line with %s is a problem, and the others count', (_, change) => {
    const changed = change(ledgerLine(entry(0)));
    expect(changed).not.toBe(ledgerLine(entry(0)));
    const ledger = readLedger(`${changed}\n${text(entry(1))}`);
    expect(ledger.problems).toEqual(['trials.jsonl line 1 is damaged']);
    expect(ledger.entries.map((one) => one.plan.index)).toEqual([1]);
  });

  it('a trial that is there twice counts once and is a problem', () => {
    const ledger = readLedger(text(entry(3), entry(3)));
    expect(ledger.entries).toHaveLength(1);
    expect(ledger.problems).toEqual(['trials.jsonl has in-module-3 twice']);
  });

  it('a last line without its end is torn: no entry, no problem', () => {
    const ledger = readLedger(text(entry(0), entry(1)).slice(0, -9));
    expect(ledger).toMatchObject({ problems: [], torn: true });
    expect(ledger.entries).toHaveLength(1);
  });
});

describe('what counts of a saved run', () => {
  const ledger = (...entries: LedgerEntry[]) => readLedger(text(...entries));

  it('files where they are kept, the line where not', () => {
    const combined = combine(
      [{ ...judged, index: 0 }],
      ['in-module-0'],
      ledger(entry(0, true), entry(1)),
    );
    expect(combined.results.map((r) => r.index)).toEqual([0, 1]);
    expect(combined).toMatchObject({ problems: [], byLine: 1 });
  });

  it('files that were kept and are gone are a problem, and their line does not stand in', () => {
    const combined = combine([], [], ledger(entry(0, true)));
    expect(combined.problems).toEqual(['in-module-0: its files were kept and are gone']);
    expect(combined.results).toEqual([]);
  });

  it('files that were damaged are told of once, by who read them', () => {
    expect(combine([], ['in-module-0'], ledger(entry(0, true)))).toMatchObject({
      results: [],
      problems: [],
    });
  });

  it('a line that contradicts its files is a problem; the files win', () => {
    const now = { ...judged, outcome: 'lost' as const };
    const combined = combine([now], ['in-module-0'], ledger(entry(0, true)));
    expect(combined.problems).toEqual(['in-module-0: trials.jsonl says crashed, its files lost']);
    expect(combined.results).toEqual([now]);
  });
});

describe('retention', () => {
  const kept = (results: ReturnType<typeof result>[]): number => {
    const retention = new Retention();
    return results.filter((one) => retention.keeps(one)).length;
  };
  const thousand = (overrides: Parameters<typeof result>[0]) =>
    Array.from({ length: 1000 }, (_, index) => result({ index, ...overrides }));

  it.each([
    [thousand({}), KEPT.survived],
    [thousand({ outcome: 'lost', reached: false }), KEPT.lost],
    [thousand({ outcome: 'crashed', findings: [finding('other')] }), KEPT.crashed],
    [[...thousand({}), ...thousand({ placement: 'in-module' })], 2 * KEPT.survived],
  ])('bounds the files of a long campaign (%#)', (results, most) => {
    expect(kept(results)).toBe(most);
  });

  it('keeps every distinct crash, however late it comes', () => {
    const many = thousand({ outcome: 'crashed', findings: [finding('other', 'BUG: one')] });
    const late = result({ outcome: 'crashed', findings: [finding('other', 'BUG: two')] });
    expect(kept([...many, late])).toBe(KEPT.crashed + 1);
  });
});
