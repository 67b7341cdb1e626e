// SPDX-License-Identifier: MIT
import { showsCalm, showsCrash } from '../judge/verdict.js';
import type { Placement } from '../model/placement.js';
import { roleOf } from '../model/role.js';
import type { Scenario } from '../model/scenario.js';
import type { StopRule } from '../model/stop-rule.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import type { Question } from '../model/verdict.js';
import type { Shard } from '../runs/shard.js';

/** VMs that what goes along may take where the scenario opens its window on purpose. */
const TRIES = 3;

/** Which of a campaign's planned trials are run. */
export interface NeededTrials {
  /** Whether a planned trial is still wanted. */
  readonly needed: (trial: TrialPlan, results: readonly TrialResult[]) => boolean;
  /** Whether a planted control and its twin have shown what they must. */
  readonly shown: (results: readonly TrialResult[]) => boolean;
}

/**
 * All of the subject and of a rebuilt control; of a planted control and of its twin one that shows
 * what it must; of a placement that goes along to tell what closes the race, one in the window.
 */
export function neededTrials(
  question: Question,
  { attempts }: Scenario,
  {
    shard,
    attribution,
    answered,
  }: {
    readonly shard: Shard | null;
    readonly attribution: boolean;
    /** Says when the subject has its answer, and only the control is waited for; null: it has none of its own. */
    readonly answered: StopRule | null;
  },
): NeededTrials {
  const { planted, control, placements } = question;
  const parts = shard?.of ?? 1;
  const tests = new Map<Placement, (trial: TrialResult) => boolean>(
    planted && control !== null
      ? [
          [control, (trial) => showsCrash(question, trial)],
          [planted.twin, (trial) => showsCalm(question, trial)],
        ]
      : [],
  );
  const reachedByIt = ({ role, reached }: TrialResult): boolean =>
    role === 'attribution' && reached;
  const tries = Math.max(TRIES, attempts) * parts;
  return {
    needed: ({ placement, index }, results) => {
      if (attribution && roleOf(placement) === 'attribution') {
        return index < TRIES * parts && !results.some(reachedByIt);
      }
      if (roleOf(placement) === 'subject' && answered) return answered(results) === null;
      const test = tests.get(placement);
      return test === undefined || (index < tries && !results.some(test));
    },
    shown: (results) =>
      [...tests].every(
        ([placement, test]) => !placements.includes(placement) || results.some(test),
      ),
  };
}
