// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { KernelIdentity } from './kernel-identity.js';
import type { Outcome } from './outcome.js';
import type { TrialHashes } from './trial.js';

/** One thing in which a trial came out otherwise, as words. */
export const Difference = z.strictObject({
  /** `console`, `trace`, `records`, `outcome`, `reached`, `cause`, `function` or `evidence`. */
  what: z.string(),
  recorded: z.string(),
  now: z.string(),
});
export type Difference = z.infer<typeof Difference>;

/** A trial of a deterministic run that was run again at once, to see whether the bits repeat. */
export const Repeat = z.strictObject({
  /** Its folder, `PLACEMENT-INDEX`. */
  trial: z.string(),
  /** Empty when both are the same, byte for byte. */
  differences: z.array(Difference),
});
export type Repeat = z.infer<typeof Repeat>;

/** What is compared: every byte of console, trace and records, or what the judge makes of them. */
export type Comparison = 'bytes' | 'outcome';

/** What of a trial is compared and shown. */
export interface Side {
  readonly outcome: Outcome;
  readonly reached: boolean;
  /** Cause and function of each finding, in the order of the console. */
  readonly findings: readonly { readonly cause: string; readonly function: string }[];
  /** Null in runs of versions that kept none. */
  readonly hashes: TrialHashes | null;
}

/** A recorded trial beside the same one run again. */
export interface ReplayedTrial {
  readonly trial: string;
  readonly recorded: Side;
  readonly now: Side;
  readonly differences: readonly Difference[];
}

/** What `dmrace replay` found. */
export interface ReplayResult {
  /** All trials came out as recorded. */
  readonly identical: boolean;
  readonly compared: Comparison;
  readonly kernel: KernelIdentity;
  readonly trials: readonly ReplayedTrial[];
  /** What the recorded run says too little of to be checked, in words. */
  readonly notes: readonly string[];
  /** 0 identical, 1 not, 125 when a trial was lost now and is therefore no answer. */
  readonly exitCode: 0 | 1 | 125;
}
