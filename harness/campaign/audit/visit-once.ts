// SPDX-License-Identifier: MIT
import { type VisitOutput, visitOf } from '../../audit/live/visit.js';
import type { Visit } from '../../model/audit.js';
import type { Exercise } from '../../model/exercise.js';
import { recordsOf } from '../../model/record.js';
import type { AuditGuestKind } from '../../rig/audit.js';
import type { GuestVisit } from '../../rig/audit-guest.js';
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
export const PROOFS = 6;

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

/** Which visit is made, and how. */
export interface Asked {
  readonly wish: VisitWish;
  readonly guest: number;
  readonly number: number;
  readonly builtin: ReadonlySet<string>;
  readonly options: VisitOptions;
  readonly proveFrom: number;
  /** Whether objects are held; they are where nothing is said. */
  readonly hold?: boolean;
}

/** Makes a visit in a guest that is there. @throws AbortError */
export async function visitOnce(
  rig: VisitRig,
  machine: VisitGuest,
  asked: Asked,
): Promise<{ made: MadeVisit; spoiled: boolean }> {
  const { wish, guest, number, builtin, options, proveFrom, hold = true } = asked;
  const bare = options.kind === 'bare';
  const got: GuestVisit = await machine.visit({
    number,
    module: wish.module,
    exercise: wish.exercise,
    delay: !bare,
    hold,
    prove: hold ? PROOFS - proveFrom : 0,
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

/** The same visit in a fresh guest, which is its first. @throws as a guest's start does */
export async function visitFresh(
  rig: VisitRig,
  numbers: GuestNumbers,
  asked: Asked,
): Promise<MadeVisit> {
  const guest = numbers.next();
  await using machine = await rig.start(asked.options.kind, asked.options.signal);
  return (await visitOnce(rig, machine, { ...asked, guest, number: 0 })).made;
}
