// SPDX-License-Identifier: GPL-2.0-only
import { homeOf } from '../model/placement.js';
import type { Provenance, TrialPlan } from '../model/trial.js';
import type { KindEvidence, KindJudgement } from './kind.js';
import { provenanceOf } from './layout.js';
import { proveSteps, schedulingProblems } from './steps.js';
import { judgeSweepTrial } from './sweep-trial.js';

/**
 * The kobject's release method must be where the placement says, and for the subject where the
 * objects that were built from its tree have it.
 */
function placementProblems(plan: TrialPlan, provenance: Provenance | null): string[] {
  if (!provenance) return [];
  const wanted = homeOf(plan.placement, plan.methodHome) === 'dm_mod' ? 'dm_mod' : '';
  if (provenance.symbol === 'dm_kobject_release' && provenance.module === wanted) return [];
  const where = provenance.module || 'vmlinux';
  return [
    `the kobject's release method is ${provenance.symbol || provenance.release} in ${where}, not dm_kobject_release in ${wanted || 'vmlinux'}`,
  ];
}

/** A trial of kind `window` has reached it when steps 1 to 9 were all proven, in order. */
export function judgeWindow({ plan, events, records, layout }: KindEvidence): KindJudgement {
  const steps = proveSteps(events, records);
  if (plan.yieldAfter > 0) {
    // A sweep has its own rule: step 10 before step 9 is its plan.
    const sweep = judgeSweepTrial(plan.yieldAfter, events, records, steps.proven);
    const provenance = provenanceOf(records, layout, steps.returnAddress);
    return {
      steps: steps.proven,
      reached: sweep.missed === null,
      whole: sweep.missed === null,
      doubts: [...placementProblems(plan, provenance), ...schedulingProblems(records)],
      missing: sweep.missed === null ? [] : [`point ${plan.yieldAfter} missed: ${sweep.missed}`],
      provenance,
      sweep,
    };
  }
  const provenance = provenanceOf(records, layout, steps.returnAddress);
  return {
    steps: steps.proven,
    reached: steps.reached,
    whole: steps.reached,
    doubts: [
      ...placementProblems(plan, provenance),
      ...(steps.proven.length > 0 ? schedulingProblems(records) : []),
    ],
    missing: steps.missing,
    provenance,
  };
}
