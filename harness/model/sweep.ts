// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Outcome } from './outcome.js';
import type { Placement } from './placement.js';

/** Where in the removal and the unload a point lies; the last phase is after the unload. */
export const SWEEP_PHASES = ['removal', 'before-unload', 'unload', 'freeing', 'after'] as const;
export type SweepPhase = (typeof SWEEP_PHASES)[number];

/** One place where the remover blocked between step 6 and the end of the unload. */
export const Block = z.strictObject({
  /** Counted from 1. */
  number: z.int().positive(),
  /** Who blocked: dmsetup until it has removed the device, then the remover. */
  who: z.enum(['dmsetup', 'remover']),
  /** The innermost function of the kernel stack that says what is waited for. */
  waitsIn: z.string(),
  /** The kernel stack at the switch, innermost first. */
  stack: z.array(z.string()),
  /** Trace clock, in microseconds. */
  atUs: z.int(),
  phase: z.enum(SWEEP_PHASES),
});
export type Block = z.infer<typeof Block>;

/** What the judge of a sweep's trial saw; `hit` is null where the holder ran as it was told to. */
export interface SweepTrial {
  /** The block that was asked for; `after`: none before the unload. */
  readonly asked: number | 'after';
  /** All blocks until the unload was done. */
  readonly blocks: readonly Block[];
  /** The block at which the holder ran: a number, or `after` when it ran after the unload. */
  readonly ranAt: number | 'after' | null;
  /** The trace line of the switch to the holder. */
  readonly evidence: string | null;
  /** Why the point counts for nothing; null when the holder ran exactly there. */
  readonly missed: string | null;
}

/** One row of a sweep: a point in one placement, a trial of its own. */
export interface SweepPoint {
  readonly placement: Placement;
  /** Number of the block; `after` is the first moment after the unload. */
  readonly point: number | 'after';
  /** Where the remover blocked; null after the unload. */
  readonly block: Block | null;
  /** µs from step 6 to the moment the holder ran again; null when it is not known. */
  readonly sinceStep6Us: number | null;
  readonly outcome: Outcome | 'missed';
  /** Titles of the crashes. */
  readonly findings: readonly string[];
  readonly targetCrash: boolean;
  readonly missed: string | null;
  /** The trial's folder in the run directory. */
  readonly trial: string;
}

/** A judged sweep. */
export interface SweepResult {
  readonly verdict: 'closed' | 'open' | 'inconclusive';
  readonly reasons: readonly string[];
  readonly exitCode: 0 | 1 | 125;
  /** Blocks of the remover in each placement. */
  readonly blocks: Readonly<Partial<Record<Placement, number>>>;
  readonly points: readonly SweepPoint[];
}
