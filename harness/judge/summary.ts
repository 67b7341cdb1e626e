// SPDX-License-Identifier: GPL-2.0-only
import type { KernelIdentity } from '../model/kernel.js';
import type { Placement } from '../model/placement.js';
import type { TrialResult } from '../model/trial.js';
import type { PlacementSummary, Question, RunResult } from '../model/verdict.js';
import type { TailCall } from './tail-call.js';
import { judgeRun, orderedPlacements } from './verdict.js';

/** Puts a run's result together: sums, verdict, reasons, exit code. */
export function summarise(
  question: Question,
  kernel: KernelIdentity,
  trials: readonly TrialResult[],
  tailCalls: Readonly<Partial<Record<Placement, TailCall>>>,
  problems: readonly string[] = [],
): RunResult {
  const judgement = judgeRun(question, trials);
  // Damaged evidence can only take a verdict away.
  const damaged = problems.length > 0 && judgement.verdict === 'closed';
  return {
    verdict: damaged ? 'inconclusive' : judgement.verdict,
    reasons: [...problems, ...judgement.reasons],
    question,
    kernel,
    placements: Object.fromEntries(
      orderedPlacements(question.placements).map((placement) => [
        placement,
        placementSummary(trials, placement, tailCalls[placement]),
      ]),
    ),
    trials,
    exitCode: damaged ? 125 : judgement.exitCode,
  };
}

function placementSummary(
  trials: readonly TrialResult[],
  placement: Placement,
  code: TailCall | undefined,
): PlacementSummary {
  const mine = trials.filter((trial) => trial.placement === placement);
  return {
    trials: mine.length,
    reached: mine.filter((trial) => trial.reached).length,
    crashed: mine.filter((trial) => trial.outcome === 'crashed').length,
    lost: mine.filter((trial) => trial.outcome === 'lost').length,
    tailCall: code?.tailCall ?? null,
    disassembly: code?.instructions ?? [],
  };
}
