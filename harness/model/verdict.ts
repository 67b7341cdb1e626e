// SPDX-License-Identifier: MIT
import type { Cause } from './finding.js';
import type { KernelIdentity } from './kernel-identity.js';
import type { KnownReport } from './known.js';
import type { Placement } from './placement.js';
import type { RecipeName } from './recipe.js';
import type { Repeat } from './replay.js';
import type { SweepResult } from './sweep.js';
import type { TrialResult } from './trial.js';

/** The answer of a run; see the table in docs/verdicts.md. */
export type Verdict = 'closed' | 'open' | 'inconclusive';

/**
 * What closes a race. `placement`: the method's text stays when the module goes. `compiler`: it ends
 * in a jump, so nothing returns into it, wherever it is.
 */
export const CLOSERS = ['placement', 'compiler'] as const;
/** See {@link CLOSERS}. */
export type Closer = (typeof CLOSERS)[number];

/** What was asked. */
export interface Question {
  /** As it is noted (model/scenario.ts); with the recipe it names the scenario. */
  readonly scenario: string;
  readonly recipe: RecipeName;
  readonly targetCause: Cause;
  /** The placement that must crash for a `closed` to count; null where a scenario has none. */
  readonly control: Placement | null;
  /** Of a planted control: its own cause, and its twin, which has to survive. */
  readonly planted?: { readonly cause: Cause; readonly twin: Placement };
  /** Trials that must reach the window, for each placement. */
  readonly trials: number;
  readonly placements: readonly Placement[];
  /** Processors of the guests; one where nothing is said. */
  readonly cpus?: number;
}

/** How often something happened, with the interval that holds the true rate 95 times in 100. */
export interface Rate {
  readonly times: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/** Sums over the trials of one placement. */
export interface PlacementSummary {
  readonly trials: number;
  readonly reached: number;
  readonly crashed: number;
  readonly lost: number;
  /** Crashes among the trials that were not lost. */
  readonly crashRate: Rate;
  /** Whether the booted release method ends in a tail call of complete(); null when unknown. */
  readonly tailCall: boolean | null;
  /** The booted machine code of the release method, as the disassembler wrote it. */
  readonly disassembly: readonly string[];
  /** nm's letter for the release method in the booted module: `U`, `T`, `t`; null when unread. */
  readonly objectSymbol: string | null;
}

/** A judged run: the object of `--format json`, without its timing. */
export interface RunResult {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly question: Question;
  readonly kernel: KernelIdentity;
  readonly placements: Readonly<Partial<Record<Placement, PlacementSummary>>>;
  readonly trials: readonly TrialResult[];
  readonly exitCode: number;
  /** Of a closed race with a rebuilt control: by what; absent where that was not shown. */
  readonly closedBy?: readonly Closer[];
  /** What became of the known-issues file; null without one. */
  readonly known: KnownReport | null;
  /** Of a deterministic run: trials that were run again at once; absent from others. */
  readonly repeats?: readonly Repeat[];
  /** Of a sweep: its points, whose verdict the run has; absent from others. */
  readonly sweep?: SweepResult;
}
