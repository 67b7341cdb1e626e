// SPDX-License-Identifier: MIT
import { beforeAll, describe, expect, it } from 'vitest';
import { closedBy } from '../../../harness/judge/closed-by.js';
import type { PlacementCode } from '../../../harness/judge/object.js';
import { summarise } from '../../../harness/judge/summary.js';
import type { TrialResult } from '../../../harness/model/trial.js';
import { verdictSentence } from '../../../harness/report/sentence.js';
import { stateOf } from '../../../harness/report/trial-state.js';
import { noteOf, readSavedRun, type SavedRun } from '../../../harness/runs/saved-run.js';
import { assets } from '../../../harness/util/assets.js';

/** A real run of Debian's 6.1, whose builtin method jumps. */
const RUN = assets('test/fixtures/run-directories/attribution');

let saved: SavedRun;
const only = (placement: string): TrialResult => {
  const found = saved.result.trials.find((trial) => trial.placement === placement);
  if (!found) throw new Error(`the fixture has no ${placement}`);
  return found;
};
const code = (tailCall: boolean | null): PlacementCode => ({
  tailCall,
  instructions: [],
  objectSymbol: 't',
});

beforeAll(async () => {
  saved = await readSavedRun(RUN);
});

describe('a real run whose subject jumps', () => {
  it('is closed by the compiler as much as by placement', () => {
    const { verdict, closedBy: by, placements } = saved.result;
    expect(verdict).toBe('closed');
    expect(by).toEqual(['placement', 'compiler']);
    expect(placements.builtin?.tailCall).toBe(true);
    expect(placements['as-compiled']).toMatchObject({
      trials: 1,
      reached: 1,
      crashed: 0,
      tailCall: true,
    });
    expect(placements['in-module']).toMatchObject({ crashed: 1, tailCall: false });
    expect(verdictSentence(saved.result)).toContain(
      'Closed by the compiler’s jump as much as by placement: in the module, compiled the same way, the method survived too.',
    );
  });

  it('had the method of as-compiled in dm_mod', () => {
    expect(only('as-compiled').provenance).toMatchObject({ module: 'dm_mod' });
  });

  it('keeps its verdict whatever as-compiled does', () => {
    const { question, kernel } = saved.result;
    const { codes } = noteOf(saved);
    const crash = {
      ...only('as-compiled'),
      outcome: 'crashed',
      findings: only('in-module').findings,
    } as const;
    for (const trial of [
      crash,
      { ...only('as-compiled'), outcome: 'lost', reached: false } as const,
    ]) {
      const trials = [only('builtin'), only('in-module'), trial];
      const result = summarise({
        ...{ question, kernel, trials, codes, problems: [], known: null, notes: [] },
      });
      expect(result).toMatchObject({ verdict: 'closed', exitCode: 0 });
    }
    expect(stateOf(crash, question)).toBe('pass');
  });
});

describe('what closes a race', () => {
  const by = (jumps: boolean | null, ...more: readonly TrialResult[]) =>
    closedBy(saved.result.question, [only('builtin'), only('in-module'), ...more], {
      builtin: code(jumps),
      'in-module': code(false),
      'as-compiled': code(jumps),
    });

  it('is placement where the method returns', () => expect(by(false)).toEqual(['placement']));
  it('is not told where the code was not read', () => expect(by(null)).toBeNull());
  it('is not told where it jumps and nothing else was tried', () => expect(by(true)).toBeNull());
  it('is both where as-compiled survived', () => {
    expect(by(true, only('as-compiled'))).toEqual(['placement', 'compiler']);
  });
  it('is placement where as-compiled crashed', () => {
    const { findings } = only('in-module');
    expect(by(true, { ...only('as-compiled'), outcome: 'crashed', findings })).toEqual([
      'placement',
    ]);
  });
  it('is not told where as-compiled missed the window', () => {
    expect(by(true, { ...only('as-compiled'), reached: false })).toBeNull();
  });
});
