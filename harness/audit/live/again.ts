// SPDX-License-Identifier: MIT
import type { Observation, Visit } from '../../model/audit.js';
import { recordsOf } from '../../model/record.js';
import type { VisitOutput } from './visit.js';

/**
 * The next thing to prove in a fresh guest, when the last proof was the end of its guest; null when
 * it was not, or when nothing is left.
 * @param from the first that was proven in that guest
 * @param limit how many things of one module are proven
 */
export function nextProof(output: VisitOutput, from: number, limit: number): number | null {
  if (output.lost === null) return null;
  const things = recordsOf(output.records, 'outlives').filter(({ blocked }) => blocked === 0);
  if (things.length === 0) return null;
  // The proof that ended it left no record.
  const next = from + recordsOf(output.records, 'proof').length + 1;
  return next < Math.min(things.length, limit) ? next : null;
}

const functionOf = (symbol: string | undefined): string | undefined =>
  symbol?.replace(/\+0x[0-9a-f]+$/, '');

/** Whether two visits of one module saw the same: another guest has it at another address. */
export const isSameObservation = (a: Observation, b: Observation): boolean =>
  a.fault === b.fault &&
  a.place.module === b.place.module &&
  functionOf(a.place.symbol) === functionOf(b.place.symbol);

/** One visit of two of the same module: what either proved is proven. */
export function joined(first: Visit, second: Visit): Visit {
  const better = (one: Observation): Observation =>
    one.proof !== null
      ? one
      : (second.observations.find((two) => two.proof !== null && isSameObservation(one, two)) ??
        one);
  const known = first.observations.map(better);
  const more = second.observations.filter(
    (two) => !known.some((one) => isSameObservation(one, two)),
  );
  return {
    ...first,
    observations: [...known, ...more],
    durationMs: first.durationMs + second.durationMs,
  };
}
