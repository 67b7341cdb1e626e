// SPDX-License-Identifier: GPL-2.0-only
import { showsCalm, showsCrash } from '../judge/verdict.js';
import type { Placement } from '../model/placement.js';
import type { Scenario } from '../model/scenario.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import type { Question } from '../model/verdict.js';
import type { Shard } from '../runs/shard.js';

/** VMs that a planted control may take where the scenario opens its window on purpose. */
const TRIES = 3;

/** The trials of a planted control and its twin in a campaign: one of each that shows what it must. */
export interface PlantedTrials {
  /** Whether a planned trial is still wanted. */
  readonly needed: (trial: TrialPlan, results: readonly TrialResult[]) => boolean;
  /** Whether both have shown what they must. */
  readonly shown: (results: readonly TrialResult[]) => boolean;
}

/** Of a question with no planted control nothing is left out, and nothing is waited for. */
export function plantedTrials(
  question: Question,
  { attempts }: Scenario,
  shard: Shard | null,
): PlantedTrials {
  const { planted, control, placements } = question;
  if (!planted || control === null) return { needed: () => true, shown: () => true };
  const tests = new Map<Placement, (trial: TrialResult) => boolean>([
    [control, (trial) => showsCrash(question, trial)],
    [planted.twin, (trial) => showsCalm(question, trial)],
  ]);
  const tries = Math.max(TRIES, attempts) * (shard?.of ?? 1);
  return {
    needed: ({ placement, index }, results) => {
      const test = tests.get(placement);
      return test === undefined || (index < tries && !results.some(test));
    },
    shown: (results) =>
      [...tests].every(
        ([placement, test]) => !placements.includes(placement) || results.some(test),
      ),
  };
}
