// SPDX-License-Identifier: MIT
// What every recipe answers: its guest, its words for a verdict, the rows of its table.
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { RECIPE_NAMES } from '../../../harness/model/recipe.js';
import type { ResultOf } from '../../../harness/model/trial.js';
import { RECIPES } from '../../../harness/recipes/index.js';
import { count } from '../../../harness/recipes/recipe.js';
import { capture, delayedResult, kept, ofRecipe, result } from '../judge/support.js';

const soaked = ofRecipe('soak', judgeTrial(kept('churn')));
const tally = soaked.churn;
if (!tally) throw new Error('the soak said how far it came');

describe.each(RECIPE_NAMES)('the recipe %s', (name) => {
  it('is found by its name, and has a guest of one processor', () => {
    expect(RECIPES[name]).toMatchObject({ name, cpus: 1 });
  });

  it('wakes its parties by instances of their own', () => {
    const instances = RECIPES[name].guest.wake.map((wake) => wake.name);
    expect(new Set(instances).size).toBe(instances.length);
    expect(instances.length).toBeGreaterThan(0);
  });

  it('has rows as wide as the head of its table', () => {
    const { table } = RECIPES.soak;
    if (RECIPES[name].table === null) return;
    expect(table?.row(soaked)).toHaveLength(table?.head.length ?? 0);
  });
});

describe('the guests', () => {
  it('of a race is set up for it and has the helper; one that is watched has neither', () => {
    const guests = RECIPE_NAMES.map((name) => {
      const { prepare, helper } = RECIPES[name].guest;
      return [name, prepare, helper];
    });
    expect(guests).toEqual([
      ['release-return', 'race', true],
      ['sweep', 'race', true],
      ['delayed', 'watch', false],
      ['soak', 'watch', false],
      ['crash', 'race', true],
    ]);
  });

  it('have the instances of today: one for each who sleeps on the trace', () => {
    expect(RECIPES['release-return'].guest.wake).toEqual(
      ['dmrace-holder', 'dmrace-load', 'dmrace-gate', 'dmrace-births'].map((name) => ({
        name,
        events: [],
        wakesAtOnce: false,
      })),
    );
    expect(RECIPES.delayed.guest.wake).toEqual([
      {
        name: 'dmrace-release',
        events: [
          'dmrace/{release}', // the suspect has the probe's name
          'workqueue/workqueue_execute_end',
          'sched/sched_process_exit',
        ],
        wakesAtOnce: true,
      },
    ]);
  });
});

describe('a crash on purpose', () => {
  it('proves nothing: not even a window that it went through', () => {
    const files = capture('builtin');
    const plan = {
      ...files.note.plan,
      recipe: 'crash',
      scenario: 'self-test',
      how: 'oops',
    } as const;
    const judged = judgeTrial({ ...files, note: { ...files.note, plan } });
    expect(judged).toMatchObject({ recipe: 'crash', outcome: 'not-reached', reached: false });
    expect(judged.steps).toEqual([]);
    expect(judged.reasons).toContain('this trial belongs to no scenario');
  });
});

describe('a soak tells', () => {
  const { verdict, table } = RECIPES.soak;
  const crashed: ResultOf<'soak'> = { ...soaked, index: 1, outcome: 'crashed' };

  it('in a sentence what it found, and that it claims nothing', () => {
    expect(verdict.sentence([soaked, { ...soaked, index: 1 }])).toBe(
      'No crash in 26 cycles of a soak, which claims no window.',
    );
    expect(verdict.sentence([soaked, crashed])).toBe(
      'The soak found a crash in 1 of 2 trials, but claims no window.',
    );
    expect(verdict.sentence([{ ...soaked, churn: null }])).toBeNull();
  });

  it('in a row what it did, and where it was cut short', () => {
    expect(table?.row(soaked)).toEqual(['builtin 0', 13, '1.2', '11.1', 191, 0, 'survived']);
    const cut = { ...crashed, churn: { ...tally, over: false, phase: 'unload' } };
    expect(table?.row(cut)?.at(-1)).toBe('cut short in unload: crashed');
    expect(table?.row({ ...soaked, churn: null })).toBeNull();
  });

  it('nothing of rates where nothing was done', () => {
    expect(verdict.doubts?.([{ ...soaked, churn: null }])).toEqual([
      '0 cycles in 0.0 s (0 a second) of 1 soak: a soak claims no window, so its silence proves nothing',
    ]);
  });
});

describe('a delayed release tells', () => {
  it('which sides its trials have shown; nothing where there was none', () => {
    const { facts } = RECIPES.delayed.verdict;
    expect(facts([])).toEqual([]);
    const lost = delayedResult({ index: 3, reached: false, outcome: 'lost' });
    expect(facts([delayedResult(), delayedResult({ index: 1, reached: false }), lost])).toEqual([
      'the disk was released after the unload in 1 trial (0 crashed) and before it in 1 (none crashed)',
    ]);
  });
});

describe('the other recipes', () => {
  it.each(['release-return', 'sweep', 'crash'] as const)('%s go by the window alone', (name) => {
    const { verdict, table } = RECIPES[name];
    expect(verdict.doubts).toBeNull();
    expect([verdict.facts([]), verdict.repeats([]), verdict.remedies]).toEqual([[], [], []]);
    expect(verdict.sentence([])).toBeNull();
    expect(table).toBeNull();
  });

  it('count in English', () => {
    expect([count(0, 'trial'), count(1, 'trial'), count(2, 'trial')]).toEqual([
      '0 trials',
      '1 trial',
      '2 trials',
    ]);
    expect(RECIPES['release-return'].verdict.facts([result()])).toEqual([]);
  });
});
