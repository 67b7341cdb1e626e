// SPDX-License-Identifier: MIT
import type { Layout } from '../evidence/layout.js';
import type { TraceEvent } from '../evidence/trace.js';
import type { Finding } from '../model/finding.js';
import type { WakeInstance } from '../model/guest-set-up.js';
import type { RecipeName, ResultDetails } from '../model/recipe.js';
import type { GuestRecord } from '../model/record.js';
import type { Scenario } from '../model/scenario.js';
import type { PlanOf, Provenance, ResultOf, StepEvidence } from '../model/trial.js';

/** What a trial left behind, read; a recipe's judgement is made of this. */
export interface Evidence<R extends RecipeName> {
  readonly plan: PlanOf<R>;
  readonly scenario: Scenario;
  readonly events: readonly TraceEvent[];
  /** From boot to the end of the trial. */
  readonly records: readonly GuestRecord[];
  readonly layout: Layout;
  readonly console: Uint8Array;
  /** The crashes on it. */
  readonly findings: readonly Finding[];
  /** The last step as the console of a panicked kernel tells it (evidence/fatal-run.ts); else null. */
  readonly fatalRun: StepEvidence | null;
}

/** What only the recipe can say of a trial; judge/trial.ts adds what all trials share. */
export interface Judgement<R extends RecipeName> {
  /** The steps that were proven. */
  readonly steps: readonly StepEvidence[];
  /** Whether the steps alone show that the trial put its question; see docs/verdicts.md. */
  readonly reached: boolean;
  /**
   * Whether everything that was to happen was seen to happen, so that a trial without a crash has
   * survived. Recipes that leave the window to chance survive outside it too, without `reached`.
   */
  readonly whole: boolean;
  /** What says that something else was booted than the trial is filed as. */
  readonly foreign: readonly string[];
  /** What takes `reached` away although the steps are there. */
  readonly doubts: readonly string[];
  /** Which step is missing and why. */
  readonly missing: readonly string[];
  readonly provenance: Provenance | null;
  readonly detail: ResultDetails[R];
}

/** A command that fits a verdict, and what it is good for. */
export interface Remedy {
  /** `words`: added to the run's own command. `instead`: the whole command after `dmrace`. */
  readonly words?: string;
  readonly instead?: string;
  readonly why: string;
}

/** How the trials of a recipe together become a verdict, where that is not as for all. */
export interface VerdictRules<R extends RecipeName> {
  /**
   * What the subject's trials say against `closed`. Null: it counts how many of them reached the
   * window.
   */
  readonly doubts: ((subject: readonly ResultOf<R>[]) => readonly string[]) | null;
  /** Facts that every verdict tells of the subject's trials. */
  readonly facts: (subject: readonly ResultOf<R>[]) => readonly string[];
  /** Trials that are one observation although they are several: each group a doubt. */
  readonly repeats: (subject: readonly ResultOf<R>[]) => readonly string[];
  /** What an inconclusive run says in one sentence; null for what all say. */
  readonly sentence: (trials: readonly ResultOf<R>[]) => string | null;
  /** What to run after an inconclusive run; empty for what fits all. */
  readonly remedies: readonly Remedy[];
}

/** Rows of a table that an end screen shows of a recipe's trials. */
export interface DetailTable<R extends RecipeName> {
  readonly head: readonly string[];
  readonly row: (result: ResultOf<R>) => readonly (string | number)[] | null;
  /** Plural of what a row is. */
  readonly noun: string;
}

/** A way to race: what the guest is told, how long it may take, what its evidence means. */
export interface Recipe<R extends RecipeName> {
  readonly name: R;
  /** What the guest prepares before it is ready; probes and events come from the steps. */
  readonly guest: {
    readonly prepare: 'race' | 'watch';
    readonly helper: boolean;
    readonly wake: readonly WakeInstance[];
  };
  /** Processors of the guest. */
  readonly cpus: 1;
  /** The guest's command: `trial` with what all trials are told, or `crash` (vm/init). */
  readonly word: 'trial' | 'crash';
  /** Words of the command that only this recipe has (vm/guest/core/trial.c). */
  readonly command: (plan: PlanOf<R>, scenario: Scenario) => readonly string[];
  /** What a trial may take on top of any trial's deadline, in ms of the guest's clock. */
  readonly extraMs: (plan: PlanOf<R>) => number;
  /** Whether a crash ends the trial, or may be the first of several. */
  readonly endsByCrash: boolean;
  readonly judge: (evidence: Evidence<R>) => Judgement<R>;
  readonly verdict: VerdictRules<R>;
  /** Null where the steps say all. */
  readonly table: DetailTable<R> | null;
}

/** The rules of recipes whose trials reach a window by their steps. */
export const BY_WINDOW: VerdictRules<RecipeName> = {
  doubts: null,
  facts: () => [],
  repeats: () => [],
  sentence: () => null,
  remedies: [],
};

/** `1 trial`, `2 trials`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
