// SPDX-License-Identifier: MIT
import type { Shard } from '../shard.js';

/** A visit that is to be made. */
export interface PlannedVisit {
  readonly module: string;
  /** Name of the exercise; null for a module that is only loaded and unloaded. */
  readonly exercise: string | null;
}

/** A shard's share of a plan: every N-th, so that long families are spread. */
export const shareOfPlan = <T>(plan: readonly T[], shard: Shard | null): T[] =>
  plan.filter((_, index) => shard === null || index % shard.of === shard.number - 1);

/** What makes a visit the one of a plan. */
export const visitKey = ({ module, exercise }: PlannedVisit): string =>
  `${module} ${exercise ?? ''}`;
