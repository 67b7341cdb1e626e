// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { delaysOf } from '../../../harness/evidence/delays.js';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { judgeRun } from '../../../harness/judge/verdict.js';
import type { ResultOf, TrialFiles } from '../../../harness/model/trial.js';
import type { Question } from '../../../harness/model/verdict.js';
import { repeatedDelays } from '../../../harness/recipes/delayed.js';
import { RELEASED_BEFORE_UNLOAD } from '../../../harness/suspects/dm_mod/steps.js';
import { assets } from '../../../harness/util/assets.js';
import { delayedResult, kept, mutated, ofRecipe, withTrace } from '../judge/support.js';

/** A real trial of delayed-release; see test/fixtures/runs/README.md. */
const delayed = (which: 'crashed' | 'survived'): TrialFiles => kept(`delayed-${which}`);

const judgedDelayed = (files: TrialFiles): ResultOf<'delayed'> =>
  ofRecipe('delayed', judgeTrial(files));

/** The same trial with a console on which nothing crashed. */
const silent = (files: TrialFiles): TrialFiles => ({ ...files, console: new Uint8Array() });

describe('a trial of delayed-release', () => {
  it('whose disk is released after the unload crashes in disk_release(), on an untainted kernel', () => {
    const judged = judgeTrial(delayed('crashed'));
    expect(judged.reasons).toEqual([]);
    expect(judged).toMatchObject({ outcome: 'crashed', reached: true });
    expect(judged.steps.map((s) => s.step)).toEqual([2, 8, 9, 10]);
    expect(judged.findings).toHaveLength(1);
    expect(judged.findings[0]).toMatchObject({
      cause: 'disk-release-fops',
      function: 'disk_release',
      taint: '',
      resolvedFault: expect.stringMatching(/^dm_blk_dops\+0x58 \[unloaded dm_mod\]$/),
    });
  });

  it('whose disk is released before the unload is done survives and has not reached the window', () => {
    const judged = judgeTrial(delayed('survived'));
    expect(judged).toMatchObject({ outcome: 'survived', reached: false });
    expect(judged.steps.map((s) => s.step)).toEqual([2, 8, 9]);
    expect(judged.reasons).toEqual([`step 10: ${RELEASED_BEFORE_UNLOAD}`]);
  });

  it('that reaches the window without a crash survives inside it', () => {
    expect(judgeTrial(silent(delayed('crashed')))).toMatchObject({
      outcome: 'survived',
      reached: true,
    });
  });

  it.each([
    ['the removal', /^.*sys_ioctl\(.*fd04.*$/m, /step 2/],
    ['its end', /sys_ioctl -> 0x0/g, /step 8/],
    ['the unload', /sys_delete_module -> 0x0/, /step 9/],
    ['the release of the disk', /disk_release: \(/g, /step 10: dm-0 was never released/],
  ])('without %s in its trace has not survived', (_, line, reason) => {
    const files = silent(delayed('crashed'));
    const judged = judgeTrial(withTrace(files, mutated(files.trace, line, 'gone')));
    expect(judged).toMatchObject({ outcome: 'not-reached', reached: false });
    expect(judged.reasons.join()).toMatch(reason);
  });

  it('does not take the release of another disk for the one removed', () => {
    const files = silent(delayed('crashed'));
    const trace = mutated(files.trace, /name="dm-0"/g, 'name="dm-1"');
    expect(judgeTrial(withTrace(files, trace)).reached).toBe(false);
  });

  it.each([
    ['is tainted', /("kind":"taint",.*"value":)0/, '$14096', /tainted is 4096/],
    ['does not say', /^.*"kind":"taint".*\n/m, '', /did not say whether its kernel is tainted/],
  ])('whose kernel %s proves nothing', (_, from, to, reason) => {
    const files = silent(delayed('crashed'));
    const judged = judgeTrial({ ...files, records: mutated(files.records, from, to) });
    expect(judged).toMatchObject({ outcome: 'not-reached', reached: false });
    expect(judged.reasons.join()).toMatch(reason);
  });

  it('is lost when it is cut short, crash or no crash apart', () => {
    const files = silent(delayed('survived'));
    const cut = files.records.slice(0, files.records.lastIndexOf('{'));
    expect(judgeTrial({ ...files, records: cut }).outcome).toBe('lost');
  });
});

describe('the random delays of a trial', () => {
  it('are read from its console, also before the kernel has secrets to hash pointers with', () => {
    const { delays } = judgedDelayed(delayed('crashed'));
    expect(delays).toHaveLength(12);
    expect(delays[0]).toEqual({ kobject: 'dm', jiffies: 250 });
    expect(delays.find((d) => d.kobject === 'dm-0')).toEqual({ kobject: 'dm-0', jiffies: 1000 });
  });

  it('differ between two guests, or the run says that it saw one thing twice', () => {
    const [one, two] = [judgedDelayed(delayed('crashed')), judgedDelayed(delayed('survived'))];
    expect(repeatedDelays([one, two])).toEqual([]);
    expect(repeatedDelays([one, two, { ...one, index: 9 }])).toEqual([
      'trials 4, 9 drew the same random delays: they are one observation, not 2',
    ]);
  });

  it('differ between two guests that were restored from one state', () => {
    const restored = [1, 3].map((index) => {
      const file = (name: string): Buffer =>
        readFileSync(assets('test/fixtures/runs', `delayed-restored-${index}`, name));
      expect(JSON.parse(file('trial.json').toString())).toMatchObject({ start: 'restored' });
      return delayedResult({ index, delays: delaysOf(file('console.log')) });
    });
    expect(restored.map((r) => r.delays.length)).toEqual([16, 16]);
    expect(restored.map((r) => r.delays[0])).toEqual([
      { kobject: 'bio-136', jiffies: 750 },
      { kobject: 'bio-136', jiffies: 500 },
    ]);
    expect(repeatedDelays(restored)).toEqual([]);
  });

  it('cannot be called the same when there are too few', () => {
    const few = [{ kobject: 'dm', jiffies: 250 }];
    expect(
      repeatedDelays([delayedResult({ delays: few }), delayedResult({ delays: few })]),
    ).toEqual([]);
  });
});

describe('a run of delayed-release', () => {
  const question: Question = {
    scenario: 'delayed-release',
    recipe: 'delayed',
    targetCause: 'disk-release-fops',
    control: null,
    trials: 2,
    placements: ['builtin'],
  };
  const other = delayedResult({ reached: false });

  it('is open by one crash, and tells both sides', () => {
    const judged = judgeRun(question, [
      judgeTrial(delayed('survived')),
      judgeTrial(delayed('crashed')),
    ]);
    expect(judged).toMatchObject({ verdict: 'open', exitCode: 1 });
    expect(judged.reasons).toContain(
      'the disk was released after the unload in 1 trial (1 crashed) and before it in 1 (none crashed)',
    );
  });

  it('is not closed by survivors on the other side', () => {
    const judged = judgeRun(question, [other, other, other, other]);
    expect(judged).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
    expect(judged.reasons.join()).toContain('before it in 4');
  });

  it('is not closed by one observation that was made twice', () => {
    const same = judgedDelayed(silent(delayed('crashed')));
    const { delays } = judgedDelayed(delayed('crashed'));
    const judged = judgeRun(question, [
      { ...same, delays },
      { ...same, index: 5, delays },
    ]);
    expect(judged).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
    expect(judged.reasons.join()).toContain('trials 4, 5 drew the same random delays');
  });

  it('is closed by enough trials inside the window, and says that there is no control', () => {
    const judged = judgeRun(question, [delayedResult(), other, delayedResult()]);
    expect(judged).toMatchObject({ verdict: 'closed', exitCode: 0 });
    expect(judged.reasons.join()).toContain('has no control');
  });
});
