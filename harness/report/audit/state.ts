// SPDX-License-Identifier: MIT
import { showed, wasTried } from '../../audit/ends.js';
import { soundWord } from '../../audit/findings.js';
import { blamedFor, findingId } from '../../audit/identify.js';
import { placeText } from '../../audit/words.js';
import type { AuditResult } from '../../judge/audit.js';
import type { ControlLine } from '../../judge/audit-control.js';
import { isAlarming, type Visit } from '../../model/audit.js';
import type { State } from '../trial-state.js';
import { visitText } from './result.js';

/** The name of a visit among tests. */
export const visitName = ({ module, exercise }: Visit): string =>
  exercise === null || exercise === module ? module : `${module} (${exercise})`;

/**
 * A visit as a test: it fails by what makes the exit code 1, and is skipped where all that is proven or
 * reachable is known, or where the module could not be tried (an error where it was named).
 */
export function visitState(visit: Visit, { red, question }: AuditResult): State {
  const alarms = visit.observations.filter((one) => isAlarming(soundWord(one)));
  const ids = alarms.map((one) => findingId(blamedFor(one)));
  const isRed = (id: string): boolean =>
    red.some(({ finding, module }) => finding === id && module === visit.module);
  if (ids.some(isRed)) return 'fail';
  if (ids.length > 0) return 'skip';
  if (wasTried(visit) || showed(visit)) return 'pass';
  return question.named.includes(visit.module) ? 'error' : 'skip';
}

/** What a test of a visit says, the most important first. */
export const visitNotes = (visit: Visit): string[] => [
  ...visit.observations.map(
    (one) =>
      `${soundWord(one)}: ${findingId(blamedFor(one))}: ${one.word === 'waits' ? one.what : placeText(one.place)}`,
  ),
  visitText(visit),
];

/** The planted modules of one kind as a test. */
export const controlState = ({ planted, found, twins, flagged }: ControlLine): State =>
  planted > 0 && found === planted && twins > 0 && flagged === 0 ? 'pass' : 'error';

/** What a test of the planted modules says. */
export const controlNote = ({ planted, found, twins, flagged }: ControlLine): string =>
  `found in ${found} of ${planted} visits, its correct twin flagged in ${flagged} of ${twins}`;
