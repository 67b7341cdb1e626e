// SPDX-License-Identifier: MIT
import { rankOf, soundWord } from '../../audit/findings.js';
import { CONFIDENCES, type Confidence, type Visit } from '../../model/audit.js';

/** Counts visits as they end, for a line of progress. */
export class AuditTally {
  readonly #words = new Map<Confidence, number>();
  #done: number;
  #tries = 0;

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

  /** A try on the untouched kernel has ended. */
  tried(): void {
    this.#tries++;
  }

  /** `12/40 modules: 3 proven, 1 pending, 7 tries without our module`. */
  toString(): string {
    const words = CONFIDENCES.flatMap((word) => {
      const times = this.#words.get(word);
      return times === undefined ? [] : [`${times} ${word}`];
    });
    const tries = this.#tries === 1 ? '1 try' : `${this.#tries} tries`;
    const said = [...words, ...(this.#tries === 0 ? [] : [`${tries} without our module`])];
    return `${this.#done}/${this.total} modules${said.length === 0 ? '' : `: ${said.join(', ')}`}`;
  }
}
