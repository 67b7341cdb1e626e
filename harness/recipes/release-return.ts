// SPDX-License-Identifier: GPL-2.0-only
import { homeOf } from '../model/placement.js';
import { WINDOW_STEPS } from '../model/steps.js';
import type { Provenance, StepEvidence, TrialPlan } from '../model/trial.js';
import type { KindEvidence, KindJudgement } from './recipe.js';
import { provenanceOf } from '../evidence/layout.js';
import { proveSteps, type Steps, schedulingProblems } from '../evidence/prove.js';
import { judgeSweepTrial } from './sweep.js';

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

/** Where the trace ends with step 9, the console of a panicked kernel may tell of step 10. */
function withFatalRun(steps: Steps, fatalRun: StepEvidence | null): Steps {
  if (fatalRun === null || !steps.reached || steps.proven.length !== WINDOW_STEPS.length)
    return steps;
  return { ...steps, proven: [...steps.proven, fatalRun], missing: [] };
}

/** A trial of kind `window` has reached it when steps 1 to 9 were all proven, in order. */
export function judgeWindow({
  plan,
  events,
  records,
  layout,
  fatalRun,
}: KindEvidence): KindJudgement {
  const steps = withFatalRun(proveSteps(events, records), fatalRun);
  if (plan.yieldAfter > 0) {
    // A sweep has its own rule: step 10 before step 9 is its plan.
    const sweep = judgeSweepTrial(plan.yieldAfter, events, records, steps.proven, fatalRun);
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
