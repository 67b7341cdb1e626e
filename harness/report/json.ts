// SPDX-License-Identifier: MIT
import type { RunResult } from '../model/verdict.js';
import { type RunResultJson, SCHEMA } from './run-result.js';

/** Wall-clock milliseconds of a run's phases. */
export type Timing = Readonly<Record<string, number>>;

/** The one object that `--format json` prints; its fields are fixed by the design. */
export function renderJson(
  result: RunResult,
  timing: Timing,
  manifest: string | null = null,
): RunResultJson {
  const { verdict, reasons, kernel, placements, trials, question } = result;
  return {
    schema: SCHEMA,
    verdict,
    reasons,
    ...(result.closedBy ? { closedBy: result.closedBy } : {}),
    scenario: question.scenario,
    targetCause: question.targetCause,
    kernel,
    cpus: question.cpus ?? 1,
    placements,
    trials: trials.map((trial) => ({
      placement: trial.placement,
      index: trial.index,
      seed: trial.seed,
      outcome: trial.outcome,
      reached: trial.reached,
      steps: trial.steps,
      findings: trial.findings,
      reasons: trial.reasons,
      provenance: trial.provenance,
      durationMs: trial.durationMs,
      ...(trial.recipe === 'soak' && trial.churn ? { churn: trial.churn } : {}),
      ...(trial.hashes ? { hashes: trial.hashes } : {}),
      ...(trial.recipe === 'delayed' ? { delays: trial.delays } : {}),
      ...(trial.dump ? { dump: trial.dump } : {}),
    })),
    ...(result.repeats ? { repeats: result.repeats } : {}),
    ...(result.known === null ? {} : { known: result.known }),
    ...(manifest === null ? {} : { manifest }),
    timing,
  };
}
