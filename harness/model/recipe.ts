// SPDX-License-Identifier: MIT
import type { ChurnTally } from './churn.js';
import type { SweepTrial } from './sweep.js';

/**
 * The ways to race. `release-return`: a release method is preempted before it returns, and its module
 * is unloaded meanwhile. `sweep`: the same, with the holder let run at a chosen block of the remover.
 * `delayed`: the kernel itself puts releases off. `soak`: device and module come and go under load.
 * `crash`: the guest breaks its own kernel on purpose, which the harness must notice.
 */
export const RECIPE_NAMES = ['release-return', 'sweep', 'delayed', 'soak', 'crash'] as const;
/** See {@link RECIPE_NAMES}. */
export type RecipeName = (typeof RECIPE_NAMES)[number];

/** What a guest can be told to do to itself (vm/helper). */
export const CRASHES = ['oops', 'warn', 'bug', 'hang', 'silent'] as const;
/** See {@link CRASHES}. */
export type CrashHow = (typeof CRASHES)[number];

/** What only the plans of one recipe say. */
export interface PlanDetails {
  readonly 'release-return': object;
  readonly sweep: {
    /** The block of the remover at which the holder is let run, from 1; `after`: after the unload. */
    readonly yieldAfter: number | 'after';
  };
  readonly delayed: object;
  readonly soak: {
    /** For how long, in ms on the guest's clock. */
    readonly durationMs: number;
  };
  readonly crash: { readonly how: CrashHow };
}

/** How long the kernel puts off the release of one kobject (CONFIG_DEBUG_KOBJECT_RELEASE). */
export interface Delay {
  /** Its name, such as `dm-0`. */
  readonly kobject: string;
  /** 1 to 4 times HZ. */
  readonly jiffies: number;
}

/** What only the results of one recipe say. */
export interface ResultDetails {
  readonly 'release-return': object;
  readonly sweep: {
    /** Where the holder ran. */
    readonly sweep: SweepTrial;
  };
  readonly delayed: {
    /** What put the releases off, in the order of the console. */
    readonly delays: readonly Delay[];
  };
  readonly soak: {
    /** What the soak did; null when the guest did not say. */
    readonly churn: ChurnTally | null;
  };
  readonly crash: object;
}
