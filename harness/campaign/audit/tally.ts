// SPDX-License-Identifier: MIT
import { rankOf, soundWord } from '../../audit/findings.js';
import { CONFIDENCES, type Confidence, type Visit } from '../../model/audit.js';

/** Counts visits as they end, for a line of progress. */
export class AuditTally {
  readonly #words = new Map<Confidence, number>();
  #done: number;

  /** @param done visits that were made before */
  constructor(
    readonly total: number,
    done = 0,
  ) {
    this.#done = done;
  }

  add({ observations }: Visit): void {
    this.#done++;
    const [surest] = observations.map(soundWord).toSorted((a, b) => rankOf(a) - rankOf(b));
    if (surest !== undefined) this.#words.set(surest, (this.#words.get(surest) ?? 0) + 1);
  }

  /** `12/40 modules: 3 proven, 1 pending`. */
  toString(): string {
    const words = CONFIDENCES.flatMap((word) => {
      const times = this.#words.get(word);
      return times === undefined ? [] : [`${times} ${word}`];
    });
    return `${this.#done}/${this.total} modules${words.length === 0 ? '' : `: ${words.join(', ')}`}`;
  }
}
