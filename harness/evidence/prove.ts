// SPDX-License-Identifier: GPL-2.0-only
import { firstRecord, type GuestRecord, recordsOf } from '../model/record.js';
import { STEP_NUMBERS, type StepNumber, WINDOW_STEPS } from '../model/steps.js';
import type { StepEvidence } from '../model/trial.js';
import { addressField, field, numberField, type TraceEvent } from './trace.js';

/** What the steps are looked for with: processes and addresses, as the guest reported them. */
interface Cast {
  readonly holder: number;
  readonly dmsetup: number;
  readonly remover: number;
  readonly kobject: string;
}

/** The ten steps as far as they are proven. */
export interface Steps {
  readonly proven: readonly StepEvidence[];
  /** Steps 1 to 9 were all observed, in order. */
  readonly reached: boolean;
  /** Why the chain of proofs ends where it ends; empty when all ten are there. */
  readonly missing: readonly string[];
  /** The address complete() was to return to at step 6. */
  readonly returnAddress: string | null;
}

const none = (why: string): Steps => ({
  proven: [],
  reached: false,
  missing: [why],
  returnAddress: null,
});

function castOf(records: readonly GuestRecord[]): Cast | string {
  const hold = firstRecord(records, 'hold');
  if (!hold) return 'the guest reported no reference held (record "hold")';
  const pids = new Map(recordsOf(records, 'scheduler').map((r) => [r.party, r.pid]));
  const dmsetup = pids.get('dmsetup');
  const remover = pids.get('remover');
  if (!dmsetup || !remover) return 'the guest reported no remover (record "scheduler")';
  return { holder: hold.pid, dmsetup, remover, kobject: hold.kobject };
}

/** SCHED_IDLE for the holder, SCHED_FIFO for the others, as the guest's kernel said. */
export function schedulingProblems(records: readonly GuestRecord[]): string[] {
  const wanted = { holder: 'SCHED_IDLE', load: 'SCHED_FIFO', remover: 'SCHED_FIFO' };
  const seen = new Map(recordsOf(records, 'scheduler').map((r) => [r.party, r.policy]));
  return Object.entries(wanted)
    .filter(([party, policy]) => seen.get(party) !== policy)
    .map(([party, policy]) => `${party} is ${seen.get(party) ?? 'unknown'}, not ${policy}`);
}

/** cmd of DM_DEV_REMOVE without its size bits: _IOC_NR 4, type 0xfd (include/uapi/linux/dm-ioctl.h). */
export const isDmRemove = (event: TraceEvent): boolean => {
  const cmd = /cmd: (?:0x)?([0-9a-f]+)/.exec(event.text)?.[1];
  return cmd !== undefined && (Number.parseInt(cmd, 16) & 0xffff) === 0xfd04;
};

const switchedIn = (event: TraceEvent, pid: number): boolean =>
  event.name === 'sched_switch' && numberField(event, 'next_pid') === pid;
const switchedOut = (event: TraceEvent, pid: number): boolean =>
  event.name === 'sched_switch' && numberField(event, 'prev_pid') === pid;

/** Looks for one step at or after an event; says what was looked for when it is not there. */
type Finder = (events: readonly TraceEvent[], cast: Cast, seen: Seen) => number | string;

/** What earlier steps left for later ones. */
interface Seen {
  /** Index of each proven step's event. */
  readonly at: Map<StepNumber, number>;
  completion: string | null;
  returnAddress: string | null;
}

const after = (seen: Seen, step: StepNumber): number => (seen.at.get(step) ?? -1) + 1;

const search = (
  events: readonly TraceEvent[],
  from: number,
  what: string,
  test: (event: TraceEvent) => boolean,
): number | string => {
  const index = events.findIndex((event, at) => at >= from && test(event));
  return index < 0 ? what : index;
};

const FINDERS: Readonly<Record<StepNumber, Finder>> = {
  1: (events, cast) =>
    search(
      events,
      0,
      'no reference taken by the holder',
      (event) =>
        event.name === 'got' &&
        event.pid === cast.holder &&
        addressField(event, 'kobj') === cast.kobject &&
        (numberField(event, 'refcnt') ?? 0) >= 2,
    ),
  2: (events, cast, seen) =>
    search(
      events,
      after(seen, 1),
      'no DM_DEV_REMOVE by dmsetup',
      (event) =>
        event.pid === cast.dmsetup && event.name === 'sys_ioctl:enter' && isDmRemove(event),
    ),
  3: (events, cast, seen) => {
    const index = search(
      events,
      after(seen, 2),
      'dmsetup never entered wait_for_completion() with one reference left',
      (event) =>
        event.pid === cast.dmsetup &&
        event.name === 'wait_for_completion' &&
        numberField(event, 'refcnt') === 1,
    );
    const event = typeof index === 'number' ? events[index] : undefined;
    if (event) seen.completion = addressField(event, 'completion');
    return index;
  },
  4: (events, cast, seen) => {
    const from = after(seen, 3);
    const index = events.findIndex(
      (event, at) =>
        at >= from &&
        switchedOut(event, cast.dmsetup) &&
        (field(event, 'prev_state') ?? '').startsWith('D'),
    );
    const ranOn = events.findIndex(
      (event, at) => at >= from && event.pid === cast.dmsetup && event.name === 'sys_ioctl:exit',
    );
    if (index < 0 || (ranOn >= 0 && ranOn < index))
      return 'dmsetup did not sleep on the completion';
    return index;
  },
  5: (events, cast, seen) =>
    search(
      events,
      after(seen, 4),
      'the holder did not drop the last reference',
      (event) =>
        event.name === 'put' &&
        event.pid === cast.holder &&
        addressField(event, 'kobj') === cast.kobject &&
        numberField(event, 'refcnt') === 1,
    ),
  6: (events, cast, seen) => {
    const index = search(
      events,
      after(seen, 5),
      'no complete() of that completion in the holder',
      (event) =>
        event.name === 'complete' &&
        event.pid === cast.holder &&
        seen.completion !== null &&
        addressField(event, 'completion') === seen.completion,
    );
    const event = typeof index === 'number' ? events[index] : undefined;
    if (event) seen.returnAddress = addressField(event, 'caller');
    return index;
  },
  7: (events, cast, seen) => {
    // The preemption that counts is the one after complete() has woken the remover: an interrupt
    // may well take the CPU from the holder at the start of complete() and give it back.
    const woken = search(
      events,
      after(seen, 6),
      'complete() did not wake dmsetup',
      (event) =>
        event.name === 'sched_waking' &&
        event.pid === cast.holder &&
        numberField(event, 'pid') === cast.dmsetup,
    );
    if (typeof woken === 'string') return woken;
    const index = search(
      events,
      woken,
      'the holder was not switched out after complete()',
      (event) => switchedOut(event, cast.holder),
    );
    const event = typeof index === 'number' ? events[index] : undefined;
    if (!event) return index;
    if (!(field(event, 'prev_state') ?? '').startsWith('R')) {
      return 'the holder went to sleep by itself instead of being preempted';
    }
    const { returnAddress } = seen;
    if (!returnAddress || !event.stack.some((entry) => entry.address === returnAddress)) {
      return 'the holder had already returned from complete() when it was preempted';
    }
    return index;
  },
  8: (events, cast, seen) => {
    const what = 'the removal did not succeed';
    const index = search(
      events,
      after(seen, 7),
      what,
      (event) => event.name === 'sys_ioctl:exit' && event.pid === cast.dmsetup,
    );
    const event = typeof index === 'number' ? events[index] : undefined;
    if (!event) return index;
    return /^(0x)?0$/.test(event.text.trim()) ? index : `${what}: it returned ${event.text.trim()}`;
  },
  9: (events, cast, seen) => {
    const freed = search(
      events,
      after(seen, 8),
      'dm_mod was not freed (no module_free)',
      (event) => event.name === 'module_free' && event.text.trim() === 'dm_mod',
    );
    if (typeof freed === 'string') return freed;
    const done = search(
      events,
      freed,
      'delete_module did not return 0',
      (event) =>
        event.name === 'sys_delete_module:exit' &&
        event.pid === cast.remover &&
        /^(0x)?0$/.test(event.text.trim()),
    );
    if (typeof done === 'string') return done;
    const early = events.findIndex(
      (event, at) => at > (seen.at.get(7) ?? 0) && at < done && switchedIn(event, cast.holder),
    );
    return early < 0
      ? done
      : `the holder ran again before the unload was done: ${events[early]?.line ?? ''}`;
  },
  10: (events, cast, seen) =>
    search(events, after(seen, 9), 'the holder never ran again', (event) =>
      switchedIn(event, cast.holder),
    ),
};

/**
 * Proves the ten steps from the guest's trace, one after the other: a step counts only after the
 * one before it, so the first that is missing ends the chain.
 */
export function proveSteps(events: readonly TraceEvent[], records: readonly GuestRecord[]): Steps {
  if (events.length === 0) return none('there is no trace');
  const cast = castOf(records);
  if (typeof cast === 'string') return none(cast);

  const seen: Seen = { at: new Map(), completion: null, returnAddress: null };
  const proven: StepEvidence[] = [];
  const missing: string[] = [];
  for (const step of STEP_NUMBERS) {
    const found = FINDERS[step](events, cast, seen);
    const event = typeof found === 'number' ? events[found] : undefined;
    if (!event || typeof found !== 'number') {
      missing.push(`step ${step}: ${found}`);
      break;
    }
    seen.at.set(step, found);
    proven.push({ step, atUs: event.us, evidence: event.line });
  }
  return {
    proven,
    reached: WINDOW_STEPS.every((step) => seen.at.has(step)),
    missing,
    returnAddress: seen.returnAddress,
  };
}
