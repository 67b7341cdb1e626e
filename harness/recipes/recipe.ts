// SPDX-License-Identifier: GPL-2.0-only
import type { ChurnTally } from '../model/churn.js';
import type { GuestRecord } from '../model/record.js';
import type { SweepTrial } from '../model/sweep.js';
import type { Provenance, StepEvidence, TrialPlan } from '../model/trial.js';
import type { Layout } from '../evidence/layout.js';
import type { TraceEvent } from '../evidence/trace.js';

/** What a trial left behind, read; the judges of the kinds of scenario see this. */
export interface KindEvidence {
  readonly plan: TrialPlan;
  readonly events: readonly TraceEvent[];
  /** From boot to the end of the trial. */
  readonly records: readonly GuestRecord[];
  readonly layout: Layout;
  /** Step 10 as the console of a panicked kernel tells it (judge/fatal-run.ts); else null. */
  readonly fatalRun: StepEvidence | null;
}

/** What only the judge of a kind can say of a trial; judge/trial.ts adds what all kinds share. */
export interface KindJudgement {
  /** The steps that were proven. */
  readonly steps: readonly StepEvidence[];
  /** Whether the steps alone show that the trial put its question; see docs/verdicts.md. */
  readonly reached: boolean;
  /**
   * Whether everything that was to happen was seen to happen, so that a trial without a crash has
   * survived. Kinds that leave the window to chance survive outside it too, without `reached`.
   */
  readonly whole: boolean;
  /** What takes `reached` away although the steps are there. */
  readonly doubts: readonly string[];
  /** Which step is missing and why. */
  readonly missing: readonly string[];
  readonly provenance: Provenance | null;
  /** For a trial of scenario churn. */
  readonly churn?: ChurnTally;
  /** For a trial of a sweep. */
  readonly sweep?: SweepTrial;
}
