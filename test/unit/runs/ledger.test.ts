// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import {
  KEPT,
  type LedgerEntry,
  NO_LINES,
  Retention,
  readLedger,
} from '../../../harness/runs/ledger.js';
import { capture, finding, result } from '../judge/support.js';
import { ledgerText } from './support.js';

const { plan } = capture('in-module').note;
const judged = judgeTrial(capture('in-module'));
const entry = (index: number, kept = false): LedgerEntry => ({
  plan: { ...plan, index },
  kept,
  result: { ...judged, index },
});

describe('a ledger', () => {
  it('gives back what was written, findings and steps included', () => {
    const ledger = readLedger(ledgerText(entry(0, true), entry(1)));
    expect(ledger).toMatchObject({
      entries: [entry(0, true), entry(1)],
      problems: [],
      torn: false,
      end: { lines: 2 },
    });
  });

  it('of a run from before there was one is empty', () => {
    expect(readLedger('')).toEqual({ entries: [], problems: [], torn: false, end: NO_LINES });
  });

  it.each([
    ['another outcome', (line: string) => line.replace('"crashed"', '"survived"')],
    ['another sum', (line: string) => `x${line.slice(1)}`],
    ['half of it', (line: string) => line.slice(0, 500)],
    ['nothing', () => ''],
  ])('a line with %s is a problem, and the others count', (_, change) => {
    const [first = '', second = ''] = ledgerText(entry(0), entry(1)).split('\n');
    const changed = change(first);
    expect(changed).not.toBe(first);
    const ledger = readLedger(`${changed}\n${second}\n`);
    expect(ledger.problems).toContain('trials.jsonl line 1 is damaged');
    expect(ledger.entries.map((one) => one.plan.index)).toEqual([1]);
  });

  it('a trial that is there twice counts once and is a problem', () => {
    const ledger = readLedger(ledgerText(entry(3), entry(3)));
    expect(ledger.entries).toHaveLength(1);
    expect(ledger.problems).toEqual(['trials.jsonl has in-module-3 twice']);
  });

  it('a last line without its end is torn: no entry, no problem', () => {
    const ledger = readLedger(ledgerText(entry(0), entry(1)).slice(0, -9));
    expect(ledger).toMatchObject({ problems: [], torn: true });
    expect(ledger.entries).toHaveLength(1);
  });

  it.each([
    ['the first', 0],
    ['one between', 1],
  ])('a line that is gone is missed: %s', (_, gone) => {
    const lines = ledgerText(entry(0), entry(1), entry(2)).split('\n');
    const ledger = readLedger(lines.toSpliced(gone, 1).join('\n'));
    expect(ledger.problems).toEqual([`trials.jsonl: a line is missing before line ${gone + 1}`]);
    expect(ledger.entries).toHaveLength(2);
  });

  it('lines in another order are missed, too', () => {
    const [first, second, third] = ledgerText(entry(0), entry(1), entry(2)).split('\n');
    const ledger = readLedger(`${[first, third, second].join('\n')}\n`);
    expect(ledger.problems).not.toEqual([]);
  });

  it('says where it ends, so that a last line that is gone is missed by who kept that', () => {
    const whole = readLedger(ledgerText(entry(0), entry(1)));
    const cut = readLedger(ledgerText(entry(0)));
    expect(cut).toMatchObject({ problems: [], end: { lines: 1 } });
    expect(cut.end.last).not.toBe(whole.end.last);
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
