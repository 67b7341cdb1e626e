// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  newNonce,
  type PlanRequest,
  planTrial,
  planTrials,
  SOAK_MS,
} from '../../../harness/campaign/plan.js';
import { CRASHES } from '../../../harness/model/recipe.js';
import { seededNonce } from '../../../harness/runs/plan-json.js';
import { churn } from '../../../harness/scenarios/churn.js';
import { delayedRelease } from '../../../harness/scenarios/delayed-release.js';
import { release } from '../../../harness/scenarios/release.js';
import { selfTest } from '../../../harness/scenarios/self-test.js';
import { sweep } from '../../../harness/scenarios/sweep.js';

const REQUEST: PlanRequest = { scenario: release, durationMs: null, nonce: newNonce };
const BOTH = ['builtin', 'in-module'] as const;
/** As commit 3a83086 made them. */
const OLD = [
  '25d04e8e66250eeff02d5d9f846dea7c',
  '8cc3314f63258ddf3820e8ed0ca3a467',
  '234460ce01bcf63ecfdf8a434e70e1e4',
  '3e121cfa399d186aa6d6dc5d52172e3f',
  '927eb34d7e23ea98645e1f67fc5752a6',
];
const at = (index: number) => ({ placement: 'builtin', index, seed: 9 }) as const;

describe('the plan', () => {
  it('has placements in turn, seeds from the first on, and a nonce for each trial', () => {
    const plans = planTrials(REQUEST, { placements: BOTH, trials: 2, seed: 40 });
    expect(plans.map((p) => [p.placement, p.index, p.seed])).toEqual([
      ['builtin', 0, 40],
      ['in-module', 0, 40],
      ['builtin', 1, 41],
      ['in-module', 1, 41],
    ]);
    expect(new Set(plans.map((p) => p.nonce)).size).toBe(4);
  });

  it('of each scenario is its recipe’s', () => {
    const nonce = (): string => '1'.repeat(32);
    const base = { ...at(2), nonce: nonce() };
    const of = (request: Partial<PlanRequest>) =>
      planTrial({ ...REQUEST, nonce, ...request }, at(2));
    expect(of({})).toEqual({ ...base, recipe: 'release-return', scenario: 'release' });
    expect(of({ scenario: delayedRelease })).toEqual({
      ...base,
      recipe: 'delayed',
      scenario: 'delayed-release',
    });
    expect(of({ scenario: churn, durationMs: 5000 })).toEqual({
      ...base,
      recipe: 'soak',
      scenario: 'churn',
      durationMs: 5000,
    });
    expect(of({ scenario: churn })).toMatchObject({ durationMs: SOAK_MS });
    expect(of({ methodHome: 'dm_mod' })).toMatchObject({ methodHome: 'dm_mod' });
    expect(of({})).not.toHaveProperty('methodHome');
  });

  it('of a sweep lets the holder run at the block of the trial’s number, after the unload at 0', () => {
    const points = [0, 1, 7].map((index) => planTrial({ ...REQUEST, scenario: sweep }, at(index)));
    expect(points).toMatchObject(
      ['after', 1, 7].map((yieldAfter) => ({ recipe: 'sweep', scenario: 'release', yieldAfter })),
    );
  });

  it('of the self-test goes through all crimes', () => {
    const crimes = CRASHES.map((_, index) =>
      planTrial({ ...REQUEST, scenario: selfTest }, at(index)),
    );
    expect(crimes).toMatchObject(CRASHES.map((how) => ({ recipe: 'crash', how })));
  });
});

describe('seeded nonces', () => {
  it('are the same for the same trial and different for any other', () => {
    const nonces = (seed: number): string[] =>
      planTrials({ ...REQUEST, nonce: seededNonce }, { placements: BOTH, trials: 3, seed }).map(
        (t) => t.nonce,
      );
    expect(nonces(1)).toEqual(nonces(1));
    expect(new Set([...nonces(1), ...nonces(10)]).size).toBe(12);
    for (const nonce of nonces(1)) expect(nonce).toMatch(/^[0-9a-f]{32}$/);
  });

  it('are those of version 0.1: deterministic runs that were recorded then can be replayed', () => {
    const nonce = (request: Partial<PlanRequest>, index: number): string =>
      planTrial({ ...REQUEST, nonce: seededNonce, ...request }, at(index)).nonce;
    expect([
      nonce({}, 3),
      nonce({ scenario: delayedRelease }, 3),
      nonce({ scenario: sweep }, 3),
      nonce({ scenario: sweep }, 0),
      nonce({ scenario: churn, durationMs: 5000 }, 3),
    ]).toEqual(OLD);
  });
});
