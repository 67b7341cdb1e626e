// SPDX-License-Identifier: GPL-2.0-only
import { z } from 'zod';
import type { ChurnTally } from './churn.js';
import type { Finding } from './finding.js';
import type { Outcome } from './outcome.js';
import { METHOD_HOMES, PLACEMENTS } from './placement.js';
import type { SweepTrial } from './sweep.js';

/** What a trial is told to do. The nonce ties the guest's closing record to this very trial. */
export const TrialPlan = z.strictObject({
  placement: z.enum(PLACEMENTS),
  /** Counted from 0 within its placement. */
  index: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  /** 32 hex digits, new for every trial. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  scenario: z.string(),
  /** Where the subject's release method is by its built objects; absent: vmlinux. */
  methodHome: z.enum(METHOD_HOMES).optional(),
  /** Sweep: let the holder run at this block of the remover; 0 keeps it off until the unload. */
  yieldAfter: z.int().nonnegative(),
  /** Scenario churn: for how long, in ms on the guest's clock. */
  durationMs: z.int().positive().optional(),
});
export type TrialPlan = z.infer<typeof TrialPlan>;

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
  /** QEMU did not start, or did not take the saved guest. */
  z.strictObject({ how: z.literal('not-started'), why: z.string() }),
  /** The harness was interrupted. */
  z.strictObject({ how: z.literal('interrupted') }),
]);
export type TrialEnd = z.infer<typeof TrialEnd>;

/** What the host notes beside the guest's own words; kept as trial.json. */
export const TrialNote = z.strictObject({
  schema: z.literal(1),
  plan: TrialPlan,
  end: TrialEnd,
  /** Wall-clock time from the start of the VM (or its restore) to its end. */
  durationMs: z.number().nonnegative(),
  /** How the VM came to be ready. */
  start: z.enum(['booted', 'restored']),
});
export type TrialNote = z.infer<typeof TrialNote>;

/** Everything a trial left behind: what the judge sees, in memory or read from the run directory. */
export interface TrialFiles {
  readonly note: TrialNote;
  /** Raw bytes of the console during the trial. */
  readonly console: Uint8Array;
  /** Lines of the records port from boot to ready: shared by all trials of a restored VM. */
  readonly readyRecords: string;
  /** Lines of the records port after that. */
  readonly records: string;
  /** The guest's ftrace buffer as text. */
  readonly trace: string;
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

export { OUTCOMES, type Outcome } from './outcome.js';

/** A judged trial; kept as result.json. */
export interface TrialResult {
  readonly placement: TrialPlan['placement'];
  readonly index: number;
  readonly seed: number;
  readonly outcome: Outcome;
  /** Steps 1 to 9 were all observed, in order. */
  readonly reached: boolean;
  readonly steps: readonly StepEvidence[];
  readonly findings: readonly Finding[];
  /** Why the outcome is not better than it is; empty for a trial that survived. */
  readonly reasons: readonly string[];
  readonly provenance: Provenance | null;
  /** The guest never said that it was ready: whatever crashed did so before dmrace did anything. */
  readonly neverReady?: true;
  readonly durationMs: number;
  /** sha256 of what the trial left, in hex: equal hashes are equal bytes. Absent from results of version 0.1. */
  readonly hashes?: TrialHashes;
  /** For a trial of scenario churn. */
  readonly churn?: ChurnTally;
  /** For a trial of a sweep (yieldAfter > 0): where the holder ran. */
  readonly sweep?: SweepTrial;
  /** For a trial of kind `delayed`: what put its releases off, in the order of its console. */
  readonly delays?: readonly Delay[];
}

/** How long the kernel puts off the release of one kobject (CONFIG_DEBUG_KOBJECT_RELEASE). */
export interface Delay {
  /** Its name, such as `dm-0`. */
  readonly kobject: string;
  /** 1 to 4 times HZ. */
  readonly jiffies: number;
}

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
