// SPDX-License-Identifier: MIT
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { KnownIssue } from '../model/known.js';
import { orderedPlacements, type Placement } from '../model/placement.js';
import { roleOf } from '../model/role.js';
import { resultsOf, type TrialResult } from '../model/trial.js';
import type { PlacementSummary, Question, RunResult } from '../model/verdict.js';
import { scenarioOf } from '../scenarios/index.js';
import { closedBy } from './closed-by.js';
import { knownReasons, markKnown, reportKnown } from './known.js';
import { objectProblem, type PlacementCode } from './object.js';
import { wilson } from './rate.js';
import { judgeSweep } from './sweep.js';
import { EXCUSED, type Judgement, judgeRun } from './verdict.js';

/** What a run's result is put together from. */
export interface RunEvidence {
  readonly question: Question;
  readonly kernel: KernelIdentity;
  readonly trials: readonly TrialResult[];
  readonly codes: Readonly<Partial<Record<Placement, PlacementCode>>>;
  /** What speaks against the evidence: it takes `closed` away. */
  readonly problems: readonly string[];
  /** Entries of a known-issues file; null without one. */
  readonly known: readonly KnownIssue[] | null;
  /** What only tells how the run came about. */
  readonly notes: readonly string[];
}

/** Puts a run's result together: sums, verdict, reasons, exit code. */
export function summarise(evidence: RunEvidence): RunResult {
  const { question, kernel, codes, problems, known: issues, notes } = evidence;
  const objects = new Map(
    question.placements.map((placement) => [
      placement,
      objectProblem(
        placement,
        codes[placement],
        scenarioOf({ ...question, placement }).suspect.build,
        kernel.methodHome,
      ),
    ]),
  );
  // In one order, whatever order they ended in: shards put together give the same words as a whole.
  const ordered = evidence.trials
    .toSorted((a, b) => a.index - b.index || a.placement.localeCompare(b.placement))
    .map((trial) =>
      objects.get(trial.placement)?.contradicts === true ? { ...trial, contradicted: true } : trial,
    );
  const trials = issues === null ? ordered : markKnown(ordered, kernel, issues);
  const known = issues === null ? null : reportKnown(question, trials, kernel, issues);
  const sweep =
    question.recipe === 'sweep'
      ? judgeSweep(question.targetCause, question.placements, resultsOf('sweep', trials))
      : null;
  const judgement: Judgement = sweep ?? judgeRun(question, trials);
  const doubts = [
    ...problems,
    // What decides no verdict cannot be a doubt of it.
    ...[...objects].flatMap(([placement, problem]) =>
      roleOf(placement) === 'attribution' ? [] : (problem?.says ?? []),
    ),
  ];
  // Damaged or contradicting evidence can only take a verdict away, and what excuses a crash.
  const damaged = doubts.length > 0 && judgement.verdict === 'closed';
  const unexcused = doubts.length > 0 && judgement.verdict === 'open';
  const verdict = damaged ? 'inconclusive' : judgement.verdict;
  const exitCode = damaged ? 125 : unexcused ? 1 : judgement.exitCode;
  const by = verdict === 'closed' && sweep === null ? closedBy(question, trials, codes) : null;
  const reasons = [
    ...doubts,
    ...judgement.reasons.filter((reason) => !unexcused || reason !== EXCUSED),
    ...(known === null ? [] : knownReasons(known)),
    ...notes,
  ];
  return {
    verdict,
    reasons,
    question,
    kernel,
    placements: Object.fromEntries(
      orderedPlacements(question.placements).map((placement) => [
        placement,
        placementSummary(trials, placement, codes[placement]),
      ]),
    ),
    trials,
    exitCode,
    ...(by === null ? {} : { closedBy: by }),
    known,
    ...(sweep === null ? {} : { sweep: { ...sweep, verdict, reasons, exitCode } }),
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
