// SPDX-License-Identifier: MIT
import { FAULTS, type Fault, type Observation, type Proof } from '../../model/audit.js';
import type { RawFinding } from '../../model/finding.js';
import type { KernelConfig } from '../../model/kernel.js';
import { type GuestRecord, type RecordOf, recordsOf } from '../../model/record.js';
import type { VisitCrash } from './console.js';
import { holderOf } from './holder.js';
import { type GoneMemory, placeOf } from './places.js';

const isFault = (text: string): text is Fault => Object.hasOwn(FAULTS, text);

const QUEUED: readonly Fault[] = ['rcu-callback', 'timer', 'work', 'thread'];

/** The fault of a record: the guest says `pending` of whatever was still queued. */
function faultOf({ fault, thing }: RecordOf<'outlives'>): Fault | null {
  const name = fault === 'pending' ? thing : fault;
  return isFault(name) ? name : null;
}

const proofOf = ({ finding, place }: VisitCrash, watched: boolean): Proof => ({
  finding,
  place,
  tainted: watched,
  times: 1,
  of: 1,
});

/** Functions of the core that call or read what outlives a module, by the frames of a crash. */
const CALLERS: readonly (readonly [RegExp, Fault])[] = [
  [/^rcu_do_batch/, 'rcu-callback'],
  [/^(?:call_timer_fn|__run_timers?|expire_timers|__hrtimer_run_queues)/, 'timer'],
  [/^process_one_work/, 'work'],
  [/^class_release/, 'class-release'],
  [/^bus_release/, 'bus-release'],
  [/^disk_release/, 'disk-fops'],
  [/^device_release/, 'device-release'],
  [/^kobject_(?:put|cleanup|release|delayed_cleanup)/, 'ktype'],
  [/^kthread$/, 'thread'],
];

/** What was at fault in a crash that nobody asked for, by who called. Exported for its test. */
export function faultOfCrash({ frames, pc }: Pick<RawFinding, 'frames' | 'pc'>): Fault {
  const names = [pc?.replace(/\+0x.*/, '') ?? '', ...frames.map(({ symbol }) => symbol ?? '')];
  for (const [pattern, fault] of CALLERS) {
    if (names.some((name) => pattern.test(name))) return fault;
  }
  return 'thread';
}

/** What a visit saw, as far as its records and its console tell. */
export interface Seen {
  readonly records: readonly GuestRecord[];
  readonly memory: GoneMemory;
  readonly crashes: readonly VisitCrash[];
  readonly config: KernelConfig;
  /** Whether a module of ours was in the kernel. */
  readonly watched: boolean;
}

/** Everything that outlived a module in one visit, each with its proof where it crashed. */
export function observationsOf(module: string, seen: Seen): Observation[] {
  const told = recordsOf(seen.records, 'outlives').flatMap((record) =>
    toldOf(module, record, seen),
  );
  const proven = new Set(told.flatMap(({ proof }) => (proof ? [proof.finding] : [])));
  const own = seen.crashes
    .filter(({ finding }) => !proven.has(finding))
    .map((crash) => crashedOf(crash, seen));
  return [...merged(told, own), ...blockedOf(module, seen.records), ...waitsOf(seen.records)];
}

function toldOf(module: string, record: RecordOf<'outlives'>, seen: Seen): Observation[] {
  const fault = faultOf(record);
  if (fault === null) return [];
  const crash = seen.crashes.find(({ during }) => during === record.index);
  const place = placeOf(seen.memory, BigInt(`0x${record.address || '0'}`));
  // Of a module that did not even load nobody knows where it lay.
  if (!place && !crash && fault !== 'freed-under-reference') return [];
  return [
    {
      fault,
      word: crash ? 'proven' : QUEUED.includes(fault) ? 'pending' : 'reachable',
      what: record.what,
      place: place ?? crash?.place ?? { module, offset: 0 },
      holder: holderOf(fault, seen.config),
      proof: crash ? proofOf(crash, seen.watched) : null,
    },
  ];
}

/** A crash that came by itself is the kernel's own doing. */
function crashedOf(crash: VisitCrash, { config, watched }: Seen): Observation {
  const fault = faultOfCrash(crash.finding);
  const holder = holderOf(fault, config);
  return {
    fault,
    word: 'proven',
    what: crash.place.symbol ?? crash.place.module,
    place: crash.place,
    holder: holder.is === 'helper' ? { is: 'kernel', who: 'it crashed by itself' } : holder,
    proof: proofOf(crash, watched),
  };
}

const functionOf = (symbol: string | undefined): string =>
  symbol?.replace(/\+0x[0-9a-f]+$/, '') ?? '';

/** A crash of what was seen before it is that one's proof. */
function merged(told: readonly Observation[], own: readonly Observation[]): Observation[] {
  const all = [...told];
  for (const crash of own) {
    const at = all.findIndex(
      ({ proof, place }) =>
        proof === null &&
        place.module === crash.place.module &&
        functionOf(place.symbol) === functionOf(crash.place.symbol),
    );
    const before = all[at];
    if (before) all[at] = { ...before, word: 'proven', proof: crash.proof };
    else all.push(crash);
  }
  return all;
}

/** A destroy that waits for its object is as good as an unload that does: one for all its commands. */
function blockedOf(module: string, records: readonly GuestRecord[]): Observation[] {
  const [first] = recordsOf(records, 'blocked');
  if (!first) return [];
  return [
    {
      fault: 'unload-waits',
      word: 'waits',
      what: `the ${first.step} of ${module}’s exercise`,
      place: { module, offset: 0 },
      holder: { is: 'helper' },
      proof: null,
    },
  ];
}

function waitsOf(records: readonly GuestRecord[]): Observation[] {
  return recordsOf(records, 'unloaded')
    .filter(({ waited, error }) => waited === 1 && error === 0)
    .map(({ module }) => ({
      fault: 'unload-waits',
      word: 'waits',
      what: `the unload of ${module}`,
      place: { module, offset: 0 },
      holder: { is: 'helper' },
      proof: null,
    }));
}
