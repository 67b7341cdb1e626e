// SPDX-License-Identifier: MIT
import { joined, nextProof } from '../../audit/live/again.js';
import { type VisitOutput, visitOf } from '../../audit/live/visit.js';
import type { Visit } from '../../model/audit.js';
import type { Exercise } from '../../model/exercise.js';
import { recordsOf } from '../../model/record.js';
import { type AuditGuestKind, builtinModules } from '../../rig/audit.js';
import type { GuestVisit } from '../../rig/audit-guest.js';
import { merged } from './merged.js';
import type { VisitGuest, VisitRig } from './visit-rig.js';

/** One module that is to be visited. */
export interface VisitWish {
  readonly module: string;
  /** Null: it is only loaded and unloaded. */
  readonly exercise: Exercise | null;
}

/** How the visits of an audit are made. */
export interface VisitOptions {
  /** Guests at the same time. */
  readonly jobs: number;
  readonly kind: AuditGuestKind;
  /** How long a crash is waited for at the end of each visit. */
  readonly settleMs: number;
  readonly signal: AbortSignal;
}

/** Each command of an exercise, and each unload. */
export const LIMIT_MS = 20_000;
/** What one module is proven by; more of the same is one finding anyway. */
const PROOFS = 6;
/** A guest has so many visits: what modules leave behind adds up. */
const VISITS_PER_GUEST = 16;

/** Numbers the guests of an audit. */
export class GuestNumbers {
  #next: number;
  constructor(first = 0) {
    this.#next = first;
  }
  next(): number {
    return this.#next++;
  }
}

/** A visit with what the host had of it, for its files. */
export interface MadeVisit {
  readonly wish: VisitWish;
  readonly visit: Visit;
  readonly output: VisitOutput;
}

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
      yield await provenOn(
        rig,
        again ? await inFresh(rig, made, numbers, asked) : made,
        numbers,
        asked,
      );
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
  const guest = numbers.next();
  await using machine = await rig.start(asked.options.kind, asked.options.signal);
  const { made } = await visitOnce(rig, machine, { ...asked, guest, number: 0 });
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
    const guest = numbers.next();
    await using machine = await rig.start(asked.options.kind, asked.options.signal);
    const again = await visitOnce(rig, machine, { ...asked, guest, number: 0, proveFrom });
    made = { ...made, visit: joined(made.visit, again.made.visit) };
    proveFrom = nextProof(again.made.output, proveFrom, PROOFS);
  }
  return made;
}

interface Asked {
  readonly wish: VisitWish;
  readonly guest: number;
  readonly number: number;
  readonly builtin: ReadonlySet<string>;
  readonly options: VisitOptions;
  readonly proveFrom: number;
}

async function visitOnce(
  rig: VisitRig,
  machine: VisitGuest,
  asked: Asked,
): Promise<{ made: MadeVisit; spoiled: boolean }> {
  const { wish, guest, number, builtin, options, proveFrom } = asked;
  const bare = options.kind === 'bare';
  const got: GuestVisit = await machine.visit({
    number,
    module: wish.module,
    exercise: wish.exercise,
    delay: !bare,
    prove: PROOFS - proveFrom,
    proveFrom,
    limitMs: LIMIT_MS,
    settleMs: options.settleMs,
    fifo: bare,
  });
  const output: VisitOutput = { guest, number, ...got };
  await rig.files.read(recordsOf(got.records, 'module').map(({ name }) => name));
  const visit = visitOf(
    {
      ...wish,
      isBuiltin: builtin.has(wish.module),
      config: rig.kernel.config,
      sectionsOf: (module) => rig.files.sectionsOf(module),
      watched: !bare,
    },
    output,
  );
  return { made: { wish, visit, output }, spoiled: got.spoiled };
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
