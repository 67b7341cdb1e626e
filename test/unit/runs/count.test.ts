// SPDX-License-Identifier: MIT
// What of a run's folders and lines counts.
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { type TrialFiles, trialName } from '../../../harness/model/trial.js';
import { countTrials } from '../../../harness/runs/count.js';
import { type LedgerEntry, readLedger } from '../../../harness/runs/ledger.js';
import type { ReadTrial } from '../../../harness/runs/trial-folder.js';
import { capture } from '../judge/support.js';
import { ledgerText } from './support.js';

/** A trial's folder of which nothing is amiss, unless told otherwise. */
const folder = (files: TrialFiles, changes: Partial<ReadTrial> = {}): ReadTrial => ({
  ...files,
  name: trialName(files.note.plan),
  damage: [],
  dumpProblem: null,
  sound: files,
  unfinished: false,
  ...changes,
});
const damage = [{ file: 'x/trace.txt', observed: 'trace.txt is gone', expected: 'a trace' }];
const control = capture('in-module');
const entry = (files: TrialFiles, index = 0, kept = true): LedgerEntry => {
  const nonce = files.note.plan.nonce.replace(/./, `${index}`);
  return {
    plan: { ...files.note.plan, index, ...(index === 0 ? {} : { nonce }) },
    kept,
    result: { ...judgeTrial(files), index },
  };
};
const count = (folders: readonly ReadTrial[], ...entries: readonly LedgerEntry[]) =>
  countTrials(folders, readLedger(ledgerText(...entries)), null);

describe('what counts of a saved run', () => {
  it('is files where they are kept, the line where not', () => {
    const counted = count([folder(control)], entry(control), entry(control, 1, false));
    expect(counted.results.map(({ index }) => index)).toEqual([0, 1]);
    expect(counted).toMatchObject({ problems: [], byLine: 1, damaged: [] });
  });

  it('are no files that were kept and are gone; their line stands in for a crash only', () => {
    const gone = ['in-module-0: its files were kept and are gone'];
    expect(count([], entry(control))).toMatchObject({
      problems: gone,
      results: [{ outcome: 'crashed' }],
    });
    const survivor = count([], entry(capture('builtin')));
    expect(survivor.problems).toEqual(['builtin-0: its files were kept and are gone']);
    expect(survivor.results).toEqual([]);
  });

  it('are the files, and a crash, where a line contradicts its files', () => {
    const lost = entry(control);
    const counted = count([folder(control)], {
      ...lost,
      result: { ...lost.result, outcome: 'lost', findings: [], reached: false, reasons: ['why'] },
    });
    expect(counted.problems).toEqual(['in-module-0: trials.jsonl says lost, its files crashed']);
    expect(counted.results.map(({ outcome }) => outcome)).toEqual(['crashed']);
  });

  it('is no damaged folder, but its crash: by its line, or by the files that are sound', () => {
    for (const counted of [
      count([folder(control, { damage, sound: null })], entry(control)),
      count([folder(control, { damage, sound: { ...control, trace: '' } })]),
    ]) {
      expect(counted.problems).toEqual(['in-module-0: trace.txt is gone']);
      expect(counted.results.map(({ outcome }) => outcome)).toEqual(['crashed']);
      expect(counted.whole).toEqual([]);
    }
    const survivor = capture('builtin');
    expect(count([folder(survivor, { damage })], entry(survivor)).results).toEqual([]);
  });

  it('is no folder that was being written; a crash on its console is told', () => {
    const cut = folder(control, { note: null, damage, sound: null, unfinished: true });
    const counted = count([cut]);
    expect(counted.results).toEqual([]);
    expect(counted.unfinished).toMatchObject([
      { name: 'in-module-0', crashes: [expect.stringContaining('BUG')] },
    ]);
  });

  it('is no copy of a trial under another number', () => {
    const { note } = control;
    const copy = { ...control, note: { ...note, plan: { ...note.plan, index: 1 } } };
    expect(count([folder(control), folder(copy)]).problems).toEqual([
      'in-module-0 and in-module-1 have one nonce',
    ]);
  });
});
