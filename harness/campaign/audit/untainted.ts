// SPDX-License-Identifier: MIT
import { blamedFor, findingId } from '../../audit/identify.js';
import { isKernels } from '../../audit/live/holder.js';
import type { Observation, Visit } from '../../model/audit.js';
import { merged } from './merged.js';
import type { GuestNumbers, MadeVisit, VisitWish } from './visit-once.js';
import type { VisitRig } from './visit-rig.js';
import { makeVisits } from './visits.js';

/** Of a callback that RCU has: some grace periods, expedited. */
const SETTLE_MS = 1_000;
/** Of DEBUG_KOBJECT_RELEASE: HZ to 4 HZ (linux 6.12, lib/kobject.c, kobject_release()), for each of a chain. */
const DEBUG_SETTLE_MS = 10_000;

/** How often, and by what, something is tried on the untouched kernel. */
export interface UntaintedOptions {
  /** Fresh guests at most, for each visit. */
  readonly tries: number;
  /** Guests at the same time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
}

/** Whether an observation may be had without a module of ours. Exported for its test. */
export const isWorthTrying = ({ word, holder, proof }: Observation): boolean =>
  (word === 'pending' || word === 'proven' || word === 'reachable') &&
  isKernels(holder) &&
  proof?.tainted !== false;

const idOf = (observation: Observation): string => findingId(blamedFor(observation));

const functionOf = (symbol: string | undefined): string =>
  symbol?.replace(/\+0x[0-9a-f]+$/, '') ?? '';

/** Whether two observations are of one thing: another guest has it at another address. */
const isSame = (a: Observation, b: Observation): boolean =>
  a.place.module === b.place.module &&
  (functionOf(a.place.symbol) === functionOf(b.place.symbol) || a.fault === b.fault);

/** A visit, and what of it is to be tried without a module of ours. */
export interface Wanted {
  readonly made: MadeVisit;
  readonly observations: readonly Observation[];
}

/**
 * Tells what of each visit is worth trying. A finding is tried once, by the first visit that showed
 * it: what a core function or one function of a module is at fault for is the same in all others.
 */
export class WorthTrying {
  readonly #taken = new Set<string>();

  /** What of a visit nobody has taken yet; null: nothing. */
  take(made: MadeVisit): Wanted | null {
    const fresh = made.visit.observations.filter(
      (one) => isWorthTrying(one) && !this.#taken.has(idOf(one)),
    );
    for (const one of fresh) this.#taken.add(idOf(one));
    return fresh.length === 0 ? null : { made, observations: fresh };
  }
}

/** The tries of one visit. */
class Trying {
  readonly #wanted: Wanted;
  readonly #most: number;
  readonly #seen = new Map<Observation, { readonly crash: Observation; times: number }>();
  #begun = 0;
  #ended = 0;

  constructor(wanted: Wanted, most: number) {
    this.#wanted = wanted;
    this.#most = most;
  }

  get wish(): VisitWish {
    return this.#wanted.made.wish;
  }

  get settleMs(): number {
    const slow = this.#wanted.observations.some(({ holder }) => holder.is === 'debug-option');
    return slow ? DEBUG_SETTLE_MS : SETTLE_MS;
  }

  /** Whether another try is of use: it ends when everything that was worth it has crashed. */
  get isOpen(): boolean {
    return this.#begun < this.#most && this.#seen.size < this.#wanted.observations.length;
  }

  begin(): void {
    this.#begun++;
  }

  /** Counts a try that has ended. @returns whether it was the first to crash as was wanted */
  count(tried: MadeVisit | null): boolean {
    this.#ended++;
    const before = this.#seen.size;
    for (const observation of this.#wanted.observations) {
      const crash = tried?.visit.observations.find(
        (one) => one.proof?.tainted === false && isSame(observation, one),
      );
      if (!crash) continue;
      const seen = this.#seen.get(observation);
      if (seen) seen.times++;
      else this.#seen.set(observation, { crash, times: 1 });
    }
    return this.#seen.size > before;
  }

  /** No try goes on, and none will begin. */
  get isOver(): boolean {
    return !this.isOpen && this.#ended === this.#begun;
  }

  /** The visit with proofs that are not tainted, where there are any. */
  visit(): Visit {
    const { visit } = this.#wanted.made;
    const observations = visit.observations.map((observation): Observation => {
      const seen = this.#seen.get(observation);
      if (!seen?.crash.proof) return observation;
      const proof = { ...seen.crash.proof, times: seen.times, of: this.#ended };
      return { ...observation, word: 'proven', proof };
    });
    return { ...visit, observations };
  }
}

/** What {@link proveUntainted} tells. */
export type Tried =
  /** One try has ended; with what the host had of it where it was the first to crash as was wanted. */
  | { readonly is: 'try'; readonly crashed: MadeVisit | null }
  /** All tries of a visit have ended. */
  | { readonly is: 'visit'; readonly visit: Visit };

/**
 * Tries again on the untouched kernel, without any module of ours, what the kernel may do by itself:
 * expedited RCU, destroy and unload by a real-time process, each try in a fresh guest from the saved
 * one. One visit after the other, so that each is told early; never more guests than jobs, because a
 * window is a matter of time. A visit's tries end with the first after which everything that was worth
 * it has crashed.
 * @throws DmraceError (environment) when guests do not start; AbortError after an interrupt
 */
export async function* proveUntainted(
  rig: VisitRig,
  wanted: readonly Wanted[],
  options: UntaintedOptions,
  numbers: GuestNumbers,
): AsyncGenerator<Tried, void, undefined> {
  const all = wanted.map((one) => new Trying(one, options.tries));
  let stopped = false;
  async function* work(): AsyncGenerator<Tried, void, undefined> {
    for (;;) {
      const trying = stopped ? undefined : all.find(({ isOpen }) => isOpen);
      if (!trying) return;
      trying.begin();
      const made = await once(rig, trying, options.signal, numbers);
      const isFirst = trying.count(made);
      const { isOver } = trying;
      yield { is: 'try', crashed: isFirst ? made : null };
      if (isOver) yield { is: 'visit', visit: trying.visit() };
    }
  }
  const jobs = Math.max(1, options.jobs);
  yield* merged(Array.from({ length: jobs }, work), () => {
    stopped = true;
  });
}

async function once(
  rig: VisitRig,
  { wish, settleMs }: Trying,
  signal: AbortSignal,
  numbers: GuestNumbers,
): Promise<MadeVisit | null> {
  const options = { jobs: 1, kind: 'bare', settleMs, signal } as const;
  for await (const made of makeVisits(rig, [wish], options, numbers)) return made;
  return null;
}
