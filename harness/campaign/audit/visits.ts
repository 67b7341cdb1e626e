// SPDX-License-Identifier: MIT
import { joined, nextProof } from '../../audit/live/again.js';
import type { Visit } from '../../model/audit.js';
import { builtinModules } from '../../rig/audit.js';
import { keptByUs } from './kept.js';
import { merged } from './merged.js';
import {
  type Asked,
  GuestNumbers,
  type MadeVisit,
  PROOFS,
  type VisitOptions,
  type VisitWish,
  visitFresh,
  visitOnce,
} from './visit-once.js';
import type { VisitRig } from './visit-rig.js';

/** A guest has so many visits: what modules leave behind adds up. */
const VISITS_PER_GUEST = 16;

/** One worker: a guest after the other, until there is nothing left. */
async function* work(
  rig: VisitRig,
  queue: VisitWish[],
  numbers: GuestNumbers,
  builtin: ReadonlySet<string>,
  options: VisitOptions,
): AsyncGenerator<MadeVisit> {
  while (queue.length > 0) {
    const guest = numbers.next();
    await using machine = await rig.start(options.kind, options.signal);
    for (let number = 0; number < VISITS_PER_GUEST; number++) {
      const wish = queue.shift();
      if (!wish) return;
      const asked = { wish, guest, number, builtin, options, proveFrom: 0 };
      const { made, spoiled } = await visitOnce(rig, machine, asked);
      const again = number > 0 && mayBeInTheWay(made.visit);
      const best = again ? await inFresh(rig, made, numbers, asked) : made;
      yield await keptByUs(rig, await provenOn(rig, best, numbers, asked), numbers, asked);
      if (spoiled || again) break;
    }
  }
}

/** Whether a visit ended as it may where an earlier one has left something behind: an object that is held. */
const mayBeInTheWay = ({ end }: Visit): boolean =>
  end.is === 'not-loaded' ||
  end.is === 'exercise-failed' ||
  end.is === 'nothing-appeared' ||
  end.is === 'not-unloaded';

/** The same visit in a guest of its own. */
async function inFresh(
  rig: VisitRig,
  first: MadeVisit,
  numbers: GuestNumbers,
  asked: Asked,
): Promise<MadeVisit> {
  const made = await visitFresh(rig, numbers, asked);
  return { ...made, visit: { ...made.visit, usedGuestEnd: first.visit.end } };
}

/**
 * Where each proof is the end of its guest (an int3 on x86-64 since v6.15 is one in an NMI's context,
 * arch/x86/kernel/traps.c, exc_int3()), the next is had in a fresh one.
 */
async function provenOn(
  rig: VisitRig,
  first: MadeVisit,
  numbers: GuestNumbers,
  asked: Asked,
): Promise<MadeVisit> {
  let made = first;
  let proveFrom = nextProof(first.output, 0, PROOFS);
  while (proveFrom !== null) {
    const again = await visitFresh(rig, numbers, { ...asked, proveFrom });
    made = { ...made, visit: joined(made.visit, again.visit) };
    proveFrom = nextProof(again.output, proveFrom, PROOFS);
  }
  return made;
}

/**
 * Visits modules in guests of a rig, several in one, a fresh one after a crash that spoiled it.
 * Visits come as they are done, which with several jobs is in no order.
 * @throws DmraceError (environment) when guests do not start; AbortError after an interrupt
 */
export async function* makeVisits(
  rig: VisitRig,
  wishes: readonly VisitWish[],
  options: VisitOptions,
  numbers = new GuestNumbers(),
): AsyncGenerator<MadeVisit> {
  const queue = [...wishes];
  const builtin = await builtinModules(rig.kernel);
  const jobs = Math.max(1, Math.min(options.jobs, wishes.length));
  const workers = Array.from({ length: jobs }, () => work(rig, queue, numbers, builtin, options));
  yield* merged(workers, () => {
    queue.length = 0;
  });
}
