// SPDX-License-Identifier: MIT
import { wasTried } from '../audit/ends.js';
import { soundWord } from '../audit/findings.js';
import { type Fault, isAlarming, type PlantedVisit } from '../model/audit.js';

/** What the planted modules of one kind of mistake showed. */
export interface ControlLine {
  readonly mistake: Fault;
  /** Visits of the mistake, and how many showed it. */
  readonly planted: number;
  readonly found: number;
  /** Visits of its correct twin, and how many were flagged. */
  readonly twins: number;
  readonly flagged: number;
}

/** A planted mistake counts as found by the words that would be told of a module: not by `waits`. */
const shows = ({ mistake, visit }: PlantedVisit): boolean =>
  visit.observations.some(
    (one) => one.fault === mistake && (isAlarming(soundWord(one)) || one.word === 'pending'),
  );

/** A twin must show nothing at all of the kind. */
const flagged = ({ visit }: PlantedVisit): boolean =>
  visit.observations.some((one) => one.word !== 'waits');

/** The planted modules by kind of mistake, in the order in which they were visited. */
export function controlLines(planted: readonly PlantedVisit[]): ControlLine[] {
  return [...new Set(planted.map(({ mistake }) => mistake))].map((mistake) => {
    const mine = planted.filter((one) => one.mistake === mistake);
    const twins = mine.filter(({ twin }) => twin);
    const bad = mine.filter(({ twin }) => !twin);
    return {
      mistake,
      planted: bad.length,
      found: bad.filter(shows).length,
      twins: twins.length,
      flagged: twins.filter(flagged).length,
    };
  });
}

/** Why the planted modules say that nothing can be concluded; empty when they are as they must be. */
export function controlProblems(planted: readonly PlantedVisit[]): string[] {
  if (planted.length === 0) {
    return ['no planted module was tried, so nothing shows that a mistake would be seen'];
  }
  return controlLines(planted).flatMap(({ mistake, ...line }) => [
    ...(line.planted === 0 ? [`planted ${mistake}: the mistake itself was not tried`] : []),
    ...(line.found < line.planted
      ? [`planted ${mistake}: found in ${line.found} of ${line.planted} visits`]
      : []),
    ...(line.twins === 0 ? [`planted ${mistake}: its correct twin was not tried`] : []),
    ...(line.flagged > 0
      ? [
          `planted ${mistake}: its correct twin was flagged in ${line.flagged} of ${line.twins} visits`,
        ]
      : []),
    ...unfinished(planted.filter((one) => one.mistake === mistake && one.twin)),
  ]);
}

/** Silence of a twin that was never unloaded says nothing. */
const unfinished = (twins: readonly PlantedVisit[]): string[] =>
  twins
    .filter(({ visit }) => !wasTried(visit))
    .map(({ mistake, visit }) => `planted ${mistake}: its correct twin ended as ${visit.end.is}`);
