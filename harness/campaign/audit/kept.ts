// SPDX-License-Identifier: MIT
import { isSameObservation } from '../../audit/live/again.js';
import type { Holder, Observation } from '../../model/audit.js';
import { recordsOf } from '../../model/record.js';
import { type Asked, type GuestNumbers, type MadeVisit, visitFresh } from './visit-once.js';
import type { VisitRig } from './visit-rig.js';

/** So many visits without a held object have to be without the thread, too. */
const CHECKS = 2;

/** The threads of a visit that our module saw run, and that the kernel is said to run by itself. */
function threadsOf({ visit, output }: MadeVisit): Observation[] {
  const told = recordsOf(output.records, 'outlives').filter(({ thing }) => thing === 'thread');
  return visit.observations.filter(
    ({ fault, holder, what }) =>
      fault === 'thread' && holder.is === 'kernel' && told.some((record) => record.what === what),
  );
}

/**
 * A thread that outlives its module may only do so because our module holds the object whose release
 * method stops it (scsi_host_dev_release() in drivers/scsi/hosts.c, linux 6.12). So the visit is made
 * again in fresh guests in which nothing is held. Timers and work are not asked about this way: one
 * that is seen by chance may be missed by chance.
 * @returns the visit; of a thread that no such visit shows nobody but a holder is said
 */
export async function keptByUs(
  rig: VisitRig,
  made: MadeVisit,
  numbers: GuestNumbers,
  asked: Asked,
): Promise<MadeVisit> {
  if (asked.options.kind !== 'watch') return made;
  let left = threadsOf(made);
  for (let check = 0; check < CHECKS && left.length > 0; check++) {
    const free = await visitFresh(rig, numbers, { ...asked, proveFrom: 0, hold: false });
    // Nothing is said where it did not come so far as to unload.
    if (!isGone(free)) return made;
    left = left.filter(
      (one) => !free.visit.observations.some((two) => isSameObservation(one, two)),
    );
  }
  if (left.length === 0) return made;
  const debug = rig.kernel.config.get('DEBUG_KOBJECT_RELEASE') === 'y';
  const holder: Holder = { is: debug ? 'debug-option' : 'helper' };
  const observations = made.visit.observations.map((one) =>
    left.includes(one) ? { ...one, holder } : one,
  );
  return { ...made, visit: { ...made.visit, observations } };
}

const isGone = ({ wish, output }: MadeVisit): boolean =>
  recordsOf(output.records, 'unloaded').some(
    ({ module, error }) => module === wish.module && error === 0,
  );
