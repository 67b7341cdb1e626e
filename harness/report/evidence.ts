// SPDX-License-Identifier: MIT
import type { Damage } from '../model/damage.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import type { GuestOutput, TrialResult } from '../model/trial.js';

/** A trial with the files that its pictures are drawn from. */
export interface TrialEvidence {
  readonly result: TrialResult;
  readonly files: GuestOutput;
  /** qemu.argv; null when it cannot be read. */
  readonly argv: string | null;
  /** A trial with damage is shown as far as it goes and does not count for the verdict. */
  readonly damaged: boolean;
}

/** What a report shows besides the result. */
export interface RunEvidence {
  readonly trials: readonly TrialEvidence[];
  readonly damage: readonly Damage[];
  /** ISO 8601; null when run.json is damaged. */
  readonly startedAt: string | null;
  /** Version of dmrace that ran it; null when run.json is damaged. */
  readonly dmrace: string | null;
  readonly accel: string | null;
}

/** Timelines in one report, for each placement: one is some 40 kB of the page. */
const SHOWN = 4;

/**
 * The trials of a placement that are worth showing, the one that tells most first: a crash of the
 * subject, else one that reached the window; of each different outcome one, then by index.
 */
export function chosen(
  trials: readonly TrialEvidence[],
  placement: Placement,
  count = SHOWN,
): TrialEvidence[] {
  const rank = ({ result, damaged }: TrialEvidence): number =>
    (result.outcome === 'crashed' ? 0 : 4) + (result.reached ? 0 : 2) + (damaged ? 1 : 0);
  const mine = trials
    .filter(({ result }) => result.placement === placement)
    .toSorted((a, b) => rank(a) - rank(b) || a.result.index - b.result.index);
  const firsts = mine.filter(
    (trial, at) => mine.findIndex((other) => rank(other) === rank(trial)) === at,
  );
  return [...firsts, ...mine.filter((trial) => !firsts.includes(trial))].slice(0, count);
}

/** The trial of each placement that stands for it. */
export function representatives(trials: readonly TrialEvidence[]): TrialEvidence[] {
  return PLACEMENTS.flatMap((placement) => chosen(trials, placement, 1));
}
