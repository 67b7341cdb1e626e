// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { layoutOf, movedLayouts } from '../../../harness/evidence/layout.js';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { judgeRun } from '../../../harness/judge/verdict.js';
import type { GuestRecord } from '../../../harness/model/record.js';
import type { ResultOf, TrialFiles } from '../../../harness/model/trial.js';
import type { Question } from '../../../harness/model/verdict.js';
import { assets } from '../../../harness/util/assets.js';
import { kept, mutated, ofRecipe, recordsOfTrial } from '../judge/support.js';

/** A real soak; see test/fixtures/runs/README.md. */
const soak = (): TrialFiles => kept('churn');

const judgedSoak = (files: TrialFiles): ResultOf<'soak'> => ofRecipe('soak', judgeTrial(files));

const QUESTION: Question = {
  scenario: 'churn',
  recipe: 'soak',
  targetCause: 'release-in-unloaded-text',
  control: null,
  trials: 1,
  placements: ['builtin'],
};

/** The soak with a crash of delayed-release's real capture at its end, at another place. */
function crashed(): TrialFiles {
  const files = soak();
  const fault = readFileSync(assets('test/fixtures/runs/delayed-crashed/console.log'));
  return { ...files, console: Buffer.concat([files.console, fault]) };
}

describe('a trial of churn', () => {
  it('survives without having reached anything, and tells what it did', () => {
    const judged = judgedSoak(soak());
    expect(judged).toMatchObject({ outcome: 'survived', reached: false, steps: [], findings: [] });
    expect(judged.churn).toEqual({
      cycles: 13,
      cyclesPerSecond: 1.17,
      reads: 191,
      busy: 0,
      moves: 1,
      elapsedMs: 11129,
      phase: 'load',
      over: true,
    });
    expect(judged.reasons).toEqual([
      'no window is claimed of a soak: 13 cycles in 11.1 s (1.17 a second), 191 attributes read',
    ]);
  });

  it('that did not come to its end has not survived, and says where it stopped', () => {
    const files = soak();
    const records = mutated(files.records, /^.*"over":1.*\n/m, '');
    const judged = judgedSoak({ ...files, records });
    expect(judged).toMatchObject({ outcome: 'not-reached', churn: { over: false, cycles: 12 } });
    expect(judged.reasons[0]).toMatch(/^the soak was cut short in "resume" after 12 cycles/);
  });

  it('without one whole cycle has tried nothing', () => {
    const files = soak();
    const records = mutated(files.records, /"cycles":13/, '"cycles":0');
    expect(judgeTrial({ ...files, records }).outcome).toBe('not-reached');
  });

  it('that said nothing of how far it came has not survived', () => {
    const files = soak();
    const records = files.records.replaceAll(/^.*"kind":"churn".*\n/gm, '');
    const judged = judgedSoak({ ...files, records });
    expect(judged.outcome).toBe('not-reached');
    expect(judged.churn).toBeNull();
  });

  it('without a closing record is lost, whatever it had counted', () => {
    const files = soak();
    const records = mutated(files.records, /^.*"closing".*\n/m, '');
    expect(judgeTrial({ ...files, records }).outcome).toBe('lost');
  });

  it('whose guest could not do something has not survived', () => {
    const files = soak();
    const failure = '{"kind":"failed","us":1,"what":"suspend","error":5,"message":"EIO"}\n';
    const records = `${failure}${files.records}`;
    expect(judgeTrial({ ...files, records }).outcome).toBe('not-reached');
  });

  it('that crashed keeps its tally', () => {
    const judged = judgedSoak(crashed());
    expect(judged.outcome).toBe('crashed');
    expect(judged.findings[0]?.function).toBe('disk_release');
    expect(judged.churn?.cycles).toBe(13);
  });
});

describe('the verdict of soaks', () => {
  it('is never closed, however long they were', () => {
    const judged = judgedSoak(soak());
    const trials = Array.from({ length: 100 }, (_, index) => ({ ...judged, index }));
    const judgement = judgeRun(QUESTION, trials);
    expect(judgement).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
    expect(judgement.reasons[0]).toBe(
      '1300 cycles in 1112.9 s (1.2 a second) of 100 soaks: a soak claims no window, so its silence proves nothing',
    );
  });

  it('is inconclusive with exit code 1 for a crash, which is a finding', () => {
    const judgement = judgeRun(QUESTION, [judgeTrial(crashed())]);
    expect(judgement).toMatchObject({ verdict: 'inconclusive', exitCode: 1 });
    expect(judgement.reasons[0]).toMatch(
      /^builtin trial 0: crash of another cause: .*disk_release/,
    );
  });
});

describe('a module that a soak has loaded elsewhere', () => {
  const records = recordsOfTrial(soak());
  const layout = layoutOf(records, 'dm_mod');
  const moved = (text: bigint, rodata: bigint): GuestRecord => ({
    kind: 'moved',
    us: 1,
    module: 'dm_mod',
    text: text.toString(16),
    rodata: rodata.toString(16),
  });
  const at = (name: string): bigint => {
    const found = layout.sections.find((section) => section.name === name);
    if (!found) throw new Error(`no ${name}`);
    return found.address;
  };

  it('is where it was first, by the records of a soak in which it never moved', () => {
    expect(records.some(({ kind }) => kind === 'moved')).toBe(true);
    expect(movedLayouts(layout, records)).toEqual([]);
  });

  it('has its symbols and data there', () => {
    const by = 0x5000n;
    const [there] = movedLayouts(layout, [moved(at('.text') + by, at('.rodata') + by)]);
    expect(there?.text?.start).toBe((layout.text?.start ?? 0n) + by);
    const address = (l: typeof layout | undefined): bigint =>
      l?.symbols.find((symbol) => symbol.name === 'dm_sysfs_exit')?.address ?? 0n;
    expect(address(there)).toBe(address(layout) + by);
  });

  it('names a crash there: the console of the capture, moved with its module', () => {
    const files = crashed();
    const fault = /page fault for address: ([0-9a-f]+)/.exec(Buffer.from(files.console).toString());
    if (!fault?.[1]) throw new Error('no fault in the capture');
    const blkDops = layout.symbols.find((symbol) => symbol.name === 'dm_blk_dops')?.address;
    if (blkDops === undefined) throw new Error('no dm_blk_dops');
    const by = BigInt(`0x${fault[1]}`) - (blkDops + 0x58n);
    const line = JSON.stringify(moved(at('.text') + by, at('.rodata') + by));
    expect(judgeTrial(files).findings[0]).toMatchObject({ cause: 'other' });
    const [found] = judgeTrial({ ...files, records: `${line}\n${files.records}` }).findings;
    expect(found).toMatchObject({
      cause: 'disk-release-fops',
      resolvedFault: 'dm_blk_dops+0x58 [unloaded dm_mod]',
    });
  });
});
