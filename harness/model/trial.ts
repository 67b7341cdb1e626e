// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Dump } from './dump.js';
import type { Finding } from './finding.js';
import type { Outcome } from './outcome.js';
import type { MethodHome, Placement } from './placement.js';
import type { PlanDetails, RecipeName, ResultDetails } from './recipe.js';
import type { Role } from './role.js';
import type { TrialTie } from './tie.js';

/** What every plan says. */
interface PlanBase {
  readonly placement: Placement;
  /** Counted from 0 within its placement. */
  readonly index: number;
  readonly seed: number;
  /** 32 hex digits, new for every trial: they tie the guest's closing record to this very trial. */
  readonly nonce: string;
  /** The scenario as it is noted (model/scenario.ts); with the recipe it names the scenario. */
  readonly scenario: string;
  /** Where the subject's release method is by its built objects; absent: vmlinux. */
  readonly methodHome?: MethodHome | undefined;
}

/** What a trial of a recipe is told to do. runs/plan-json.ts has its form in files. */
export type PlanOf<R extends RecipeName> = {
  [Name in R]: PlanBase & { readonly recipe: Name } & PlanDetails[Name];
}[R];

/** What a trial is told to do. */
export type TrialPlan = PlanOf<RecipeName>;

/** The name of a trial, and of its folder: `PLACEMENT-INDEX`. */
export const trialName = ({
  placement,
  index,
}: {
  readonly placement: Placement;
  readonly index: number;
}): string => `${placement}-${index}`;

/** How a trial's VM ended, as the host saw it. */
export const TrialEnd = z.discriminatedUnion('how', [
  /** The guest sent a closing record; whether it is the right one is for the judge. */
  z.strictObject({ how: z.literal('closing') }),
  /** No closing record within the deadline; `vcpu` is what QEMU said of the processor then. */
  z.strictObject({ how: z.literal('deadline'), afterMs: z.number(), vcpu: z.string() }),
  /** QEMU was gone before the closing record. */
  z.strictObject({
    how: z.literal('machine-ended'),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    stderr: z.string(),
  }),
  /** QEMU stopped the guest for good, e.g. for a KVM internal error; `status` is its run state. */
  z.strictObject({
    how: z.literal('stopped'),
    status: z.string(),
    vcpu: z.string(),
    stderr: z.string(),
  }),
  /** QEMU did not start, or did not take the saved guest. */
  z.strictObject({ how: z.literal('not-started'), why: z.string() }),
  /** The harness was interrupted. */
  z.strictObject({ how: z.literal('interrupted') }),
]);
export type TrialEnd = z.infer<typeof TrialEnd>;

/** What the host notes beside the guest's own words; runs/plan-json.ts has its form in files. */
export interface TrialNote {
  readonly plan: TrialPlan;
  readonly end: TrialEnd;
  /** Wall-clock time from the start of the VM (or its restore) to its end. */
  readonly durationMs: number;
  /** How the VM came to be ready. */
  readonly start: 'booted' | 'restored';
  /** What ties it to its run; null in runs before 0.2. */
  readonly tie: TrialTie | null;
  /** Of a trial that was to be dumped and crashed: what became of it. */
  readonly dump?: Dump;
}

/** What comes out of a guest, whatever it was told to do. */
export interface GuestOutput {
  /** Raw bytes of the console during the trial. */
  readonly console: Uint8Array;
  /**
   * Of a restored trial: what the console had said while its guest booted, where that tells of a
   * crash. A trial that boots has it in `console`, and both count alike.
   */
  readonly boot?: Uint8Array;
  /** Lines of the records port from boot to ready: shared by all trials of a restored VM. */
  readonly readyRecords: string;
  /** Lines of the records port after that. */
  readonly records: string;
  /** The guest's ftrace buffer as text. */
  readonly trace: string;
}

/** Everything a trial left behind: what the judge sees, in memory or read from the run directory. */
export interface TrialFiles extends GuestOutput {
  readonly note: TrialNote;
}

/** One proven step. */
export const StepEvidence = z.strictObject({
  step: z.int().min(1).max(10),
  /** Guest time of the event in microseconds, on the trace's clock. */
  atUs: z.int(),
  /** The line that proves it, as the guest's kernel wrote it. */
  evidence: z.string(),
});
export type StepEvidence = z.infer<typeof StepEvidence>;

/** What every judged trial says. */
interface ResultBase {
  readonly placement: Placement;
  readonly role: Role;
  readonly index: number;
  readonly seed: number;
  /** As {@link TrialPlan} has it. */
  readonly scenario: string;
  readonly outcome: Outcome;
  /** The window was proven, step by step and in order. */
  readonly reached: boolean;
  readonly steps: readonly StepEvidence[];
  readonly findings: readonly Finding[];
  /** Why the outcome is not better than it is; empty for a trial that survived. */
  readonly reasons: readonly string[];
  readonly provenance: Provenance | null;
  /**
   * The evidence says that something else was booted than the trial is filed as: what it saw counts
   * for nothing, whatever it is.
   */
  readonly contradicted: boolean;
  /** The guest never said that it was ready: whatever crashed did so before dmrace did anything. */
  readonly neverReady: boolean;
  readonly durationMs: number;
  /** sha256 of what the trial left, in hex: equal hashes are equal bytes. Null in results of version 0.1. */
  readonly hashes: TrialHashes | null;
  /** As {@link TrialNote} has it. */
  readonly dump?: Dump | undefined;
}

/** A judged trial of a recipe; runs/result-json.ts has its form in files. */
export type ResultOf<R extends RecipeName> = {
  [Name in R]: ResultBase & { readonly recipe: Name } & ResultDetails[Name];
}[R];

/** A judged trial. */
export type TrialResult = ResultOf<RecipeName>;

/** The results of one recipe among others. */
export const resultsOf = <R extends RecipeName>(
  recipe: R,
  results: readonly TrialResult[],
): ResultOf<R>[] =>
  // The test is the type's own discriminant.
  results.filter((result): result is ResultOf<R> & TrialResult => result.recipe === recipe);

/** See {@link TrialResult}. */
export interface TrialHashes {
  readonly console: string;
  readonly trace: string;
  readonly records: string;
}

/** Where the release method that this trial's kobject called really was. */
export interface Provenance {
  /** Address of ktype->release of the live kobject, lower-case hex. */
  readonly release: string;
  /** The symbol at that address. */
  readonly symbol: string;
  /** Empty for vmlinux. */
  readonly module: string;
  /** Return address that complete() was called with, named. */
  readonly returnsTo: string | null;
}
