// SPDX-License-Identifier: MIT

import type { Outcome } from '../../model/outcome.js';
import type { Placement } from '../../model/placement.js';
import type { StepNumber } from '../../model/proof.js';

/** Who a lane belongs to; decides its colour and its place, in this order from the top. */
export const LANE_KINDS = ['holder', 'remover', 'load', 'kthread', 'other', 'console'] as const;
export type LaneKind = (typeof LANE_KINDS)[number];

/** The lane of everything on the console. */
export const CONSOLE_LANE = 'console';

/** One row of the picture. */
export interface Lane {
  readonly id: string;
  readonly kind: LaneKind;
  /** What is written at its left. */
  readonly label: string;
}

/**
 * Something that lasts, in a lane. All times are microseconds of the trace's clock.
 */
export interface Segment {
  readonly lane: string;
  readonly startUs: number;
  readonly endUs: number;
  /**
   * `runs`: it had the CPU. `blocked`: it slept uninterruptibly (state D). `ready`: it was runnable
   * and another had the CPU (state R, or woken).
   */
  readonly is: 'runs' | 'blocked' | 'ready';
  /** For people, e.g. `dmsetup-115 runs, prio 49`. */
  readonly says: string;
  readonly cpu: number;
}

/** One proven step in the picture. */
export interface StepMark {
  readonly step: StepNumber;
  readonly lane: string;
  readonly atUs: number;
  readonly says: string;
  /** The line that proves it. */
  readonly evidence: string;
}

/** A line of the console that was printed within the trial. */
export interface ConsoleTick {
  readonly atUs: number;
  readonly text: string;
  /** Part of a crash report. */
  readonly crash: boolean;
}

/** The first line of a crash report. */
export interface CrashMark {
  readonly atUs: number;
  /** Lane of the task that crashed; the console's when it has none. */
  readonly lane: string;
  readonly title: string;
}

/** delete_module() of the suspect. `freedUs` is the trace's module_free: the text is gone from there. */
export interface Unload {
  readonly startUs: number;
  readonly freedUs: number | null;
  readonly endUs: number;
}

/** A wake-up that was followed by the woken task's getting a CPU. */
export interface Wakeup {
  readonly atUs: number;
  readonly fromLane: string;
  readonly toLane: string;
  /** When the woken task got a CPU. */
  readonly runsUs: number;
}

/** Everything the pictures and the trace viewers' file show of one trial. */
export interface Timeline {
  readonly placement: Placement;
  readonly index: number;
  readonly outcome: Outcome;
  /** The module that is unloaded. */
  readonly module: string;
  readonly lanes: readonly Lane[];
  readonly segments: readonly Segment[];
  readonly steps: readonly StepMark[];
  /** The holder off the CPU, from step 7 until it ran again or the trace ended. */
  readonly preempted: Segment | null;
  readonly unload: Unload | null;
  readonly crashes: readonly CrashMark[];
  readonly console: readonly ConsoleTick[];
  /** The console's times are the trace's; else they are printk's own, which lie some way from it. */
  readonly consoleExact: boolean;
  readonly wakeups: readonly Wakeup[];
  /** First and last moment of the trace. */
  readonly startUs: number;
  readonly endUs: number;
  /** Time zero of what is shown: step 1, or the trace's start when step 1 is not proven. */
  readonly zeroUs: number;
}
