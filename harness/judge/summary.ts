// SPDX-License-Identifier: GPL-2.0-only
import type { KernelIdentity } from '../model/kernel.js';
import type { KnownIssue } from '../model/known.js';
import type { Placement } from '../model/placement.js';
import type { TrialResult } from '../model/trial.js';
import type { PlacementSummary, Question, RunResult } from '../model/verdict.js';
import { knownReasons, markKnown, reportKnown } from './known.js';
import { wilson } from './rate.js';
import { objectProblem, type PlacementCode } from '../evidence/tail-call.js';
import { judgeRun, orderedPlacements } from './verdict.js';

/**
 * Puts a run's result together: sums, verdict, reasons, exit code. `problems` speak against the
 * evidence and take `closed` away; `notes` only tell how it came about.
 * @param issues entries of a known-issues file; null without one
 */
export function summarise(
  question: Question,
  kernel: KernelIdentity,
  judged: readonly TrialResult[],
  codes: Readonly<Partial<Record<Placement, PlacementCode>>>,
  problems: readonly string[] = [],
  issues: readonly KnownIssue[] | null = null,
  notes: readonly string[] = [],
): RunResult {
  // In one order, whatever order they ended in: shards put together give the same words as a whole.
  const ordered = judged.toSorted(
    (a, b) => a.index - b.index || a.placement.localeCompare(b.placement),
  );
  const trials = issues === null ? ordered : markKnown(ordered, kernel, issues);
  const known = issues === null ? null : reportKnown(question, trials, kernel, issues);
  const judgement = judgeRun(question, trials);
  const doubts = [
    ...problems,
    ...question.placements.flatMap(
      (placement) => objectProblem(placement, codes[placement], kernel.methodHome) ?? [],
    ),
  ];
  // Damaged or contradicting evidence can only take a verdict away.
  const damaged = doubts.length > 0 && judgement.verdict === 'closed';
  return {
    verdict: damaged ? 'inconclusive' : judgement.verdict,
    reasons: [
      ...doubts,
      ...judgement.reasons,
      ...(known === null ? [] : knownReasons(known)),
      ...notes,
    ],
    question,
    kernel,
    placements: Object.fromEntries(
      orderedPlacements(question.placements).map((placement) => [
        placement,
        placementSummary(trials, placement, codes[placement]),
      ]),
    ),
    trials,
    exitCode: damaged ? 125 : judgement.exitCode,
    known,
  };
}

function placementSummary(
  trials: readonly TrialResult[],
  placement: Placement,
  code: PlacementCode | undefined,
): PlacementSummary {
  const mine = trials.filter((trial) => trial.placement === placement);
  const crashed = mine.filter((trial) => trial.outcome === 'crashed').length;
  const lost = mine.filter((trial) => trial.outcome === 'lost').length;
  return {
    trials: mine.length,
    reached: mine.filter((trial) => trial.reached).length,
    crashed,
    lost,
    crashRate: wilson(crashed, mine.length - lost),
    tailCall: code?.tailCall ?? null,
    disassembly: code?.instructions ?? [],
    objectSymbol: code?.objectSymbol ?? null,
  };
}
