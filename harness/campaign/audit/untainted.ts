// SPDX-License-Identifier: MIT
import { isKernels } from '../../audit/live/holder.js';
import type { Observation, Visit } from '../../model/audit.js';
import type { VisitRig } from './visit-rig.js';
import { type GuestNumbers, type MadeVisit, makeVisits, type VisitWish } from './visits.js';

/** Of a callback that RCU has: some grace periods, expedited. */
const SETTLE_MS = 1_000;
/** Of DEBUG_KOBJECT_RELEASE: HZ to 4 HZ (linux 6.12, lib/kobject.c, kobject_release()), for each of a chain. */
const DEBUG_SETTLE_MS = 10_000;

/** How often, and by what, something is tried on the untouched kernel. */
export interface UntaintedOptions {
  /** Fresh guests at most. */
  readonly tries: number;
  readonly jobs: number;
  readonly signal: AbortSignal;
}

/** Whether an observation may be had without a module of ours. */
export const isWorthTrying = ({ word, holder, proof }: Observation): boolean =>
  (word === 'pending' || word === 'proven' || word === 'reachable') &&
  isKernels(holder) &&
  proof?.tainted !== false;

const functionOf = (symbol: string | undefined): string =>
  symbol?.replace(/\+0x[0-9a-f]+$/, '') ?? '';

/** Whether two observations are of one thing: another guest has it at another address. */
const isSame = (a: Observation, b: Observation): boolean =>
  a.place.module === b.place.module &&
  (functionOf(a.place.symbol) === functionOf(b.place.symbol) || a.fault === b.fault);

/**
 * Tries again on the untouched kernel, without any module of ours, what the kernel may do by itself:
 * expedited RCU, destroy and unload by a real-time process, each try in a fresh guest from the saved
 * one. It ends with the first try after which everything that was worth it has crashed.
 * @param crashed called with the first try that crashed as was wanted
 * @returns the visit with proofs that are not tainted, where there are any
 */
export async function proveUntainted(
  rig: VisitRig,
  { wish, visit }: MadeVisit,
  options: UntaintedOptions,
  numbers: GuestNumbers,
  crashed: (tried: MadeVisit) => void = () => undefined,
): Promise<Visit> {
  const wanted = visit.observations.filter(isWorthTrying);
  if (wanted.length === 0) return visit;
  const settleMs = wanted.some(({ holder }) => holder.is === 'debug-option')
    ? DEBUG_SETTLE_MS
    : SETTLE_MS;
  const seen = new Map<Observation, Observation>();
  const times = new Map<Observation, number>();
  let of = 0;
  while (of < options.tries && seen.size < wanted.length) {
    const tries = Array.from({ length: Math.min(options.jobs, options.tries - of) }, () =>
      once(rig, wish, settleMs, options.signal, numbers),
    );
    for (const made of await Promise.all(tries)) {
      of++;
      const tried = made?.visit.observations ?? [];
      const before = seen.size;
      for (const observation of wanted) {
        const crash = tried.find((one) => one.proof?.tainted === false && isSame(observation, one));
        if (!crash) continue;
        if (!seen.has(observation)) seen.set(observation, crash);
        times.set(observation, (times.get(observation) ?? 0) + 1);
      }
      if (made && seen.size > before) crashed(made);
    }
  }
  const observations = visit.observations.map((observation): Observation => {
    const proof = seen.get(observation)?.proof;
    if (!proof) return observation;
    return {
      ...observation,
      word: 'proven',
      proof: { ...proof, times: times.get(observation) ?? 1, of },
    };
  });
  return { ...visit, observations };
}

async function once(
  rig: VisitRig,
  wish: VisitWish,
  settleMs: number,
  signal: AbortSignal,
  numbers: GuestNumbers,
): Promise<MadeVisit | null> {
  const options = { jobs: 1, kind: 'bare', settleMs, signal } as const;
  for await (const made of makeVisits(rig, [wish], options, numbers)) return made;
  return null;
}
