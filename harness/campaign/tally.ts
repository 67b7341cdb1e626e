// SPDX-License-Identifier: MIT
import type { TrialResult } from '../model/trial.js';

/** Counts trials as they end, for a line of progress. */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();
  #done = 0;

  constructor(readonly total: number) {}

  add({ placement, outcome }: Pick<TrialResult, 'placement' | 'outcome'>): void {
    const outcomes = this.#counts.get(placement) ?? new Map<string, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#counts.set(placement, outcomes);
    this.#done++;
  }

  /** `3/10: builtin 2 survived, in-module 1 crashed`. */
  toString(): string {
    const parts = [...this.#counts].map(
      ([placement, outcomes]) =>
        `${placement} ${[...outcomes].map(([outcome, n]) => `${n} ${outcome}`).join(' ')}`,
    );
    return `${this.#done}/${this.total}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
  }
}
