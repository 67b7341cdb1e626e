// SPDX-License-Identifier: MIT
/**
 * The guest's records: one JSON object a line on a virtio-serial port of their own.
 *
 * This table is the only description of the format. The guest's C code gets a header generated
 * from it (`harness/initramfs/record-header.ts`), so both sides change together or do not build.
 * `d` is a 64-bit integer, `s` a string; addresses travel as lower-case hex strings without `0x`,
 * because a JSON number cannot hold them.
 */
export const RECORD_FIELDS = {
  /** First word of userspace. */
  boot: { release: 's', machine: 's', cmdline: 's' },
  /** A step of the guest's own set-up that took place, e.g. a sysctl that was written. */
  setup: { what: 's', value: 's' },
  /** The guest could not do something. */
  failed: { what: 's', error: 'd', message: 's' },
  /** Every kernel thread was asked to be SCHED_FIFO `priority`; per-CPU ones refuse. */
  kthreads: { priority: 'd', raised: 'd', refused: 'd' },
  /** A line of /proc/kallsyms; `module` is empty for vmlinux. */
  symbol: { address: 's', type: 's', name: 's', module: 's' },
  /** Where a module lies (/proc/modules): `size` in bytes. */
  module: { name: 's', size: 'd', refcount: 'd', address: 's', taint: 's' },
  /** A section of a module (/sys/module/NAME/sections/SECTION). */
  section: { module: 's', name: 's', address: 's' },
  /** The guest waits for a command. */
  ready: { commands: 's' },
  /** The trial that the guest was told to run. */
  trial: { nonce: 's', seed: 'd', scenario: 's' },
  /** What DM_DEV_STATUS says of the device: its name, major:minor and state. */
  device: { name: 's', number: 's', state: 's' },
  /** /proc/sys/kernel/tainted before the trial: 0 for a kernel with nothing but its own in it. */
  taint: { value: 'd' },
  /** Random bytes of the host's were mixed into the kernel's generator, `bytes` of them. */
  reseed: { bytes: 'd' },
  /** The guest waited for the release of the disk: `seen` is 1 when it came, by process `pid`. */
  cleanup: { disk: 's', seen: 'd', pid: 'd', waitedUs: 'd' },
  /** The disk's kobject is held for the life of the VM; `refcount` after taking the reference. */
  pin: { path: 's', kobject: 's', refcount: 'd' },
  /** Step 1: the holder took a reference; `release` is the address of ktype->release. */
  hold: { pid: 'd', path: 's', kobject: 's', refcount: 'd', release: 's' },
  /** Policy and priority of a party as sched_getscheduler() and sched_getparam() gave them. */
  scheduler: { party: 's', pid: 'd', policy: 's', priority: 'd' },
  /** Step 4 as the holder saw it: state and wchan of the remover in /proc. */
  waiting: { pid: 'd', state: 's', wchan: 's' },
  /** The holder's last put: `returnedUs` is 0 when it never returned. */
  dropped: { pid: 'd', dropUs: 'd', returnedUs: 'd' },
  /** dmsetup remove ended with wait status `status`. */
  removed: { pid: 'd', status: 'd', removedUs: 'd' },
  /** delete_module(2) returned; `holderReturned` is 1 when the holder was through before it. */
  unload: {
    pid: 'd',
    module: 's',
    error: 'd',
    refcount: 'd',
    startUs: 'd',
    endUs: 'd',
    holderReturned: 'd',
  },
  /** Where dm_mod lies now that it was loaded again: its text and its read-only data. */
  moved: { module: 's', text: 's', rodata: 's' },
  /**
   * How far a soak is, once a second and at its end: `over` is 1 when its time was over and the last
   * cycle done; `busy` counts what had to be tried again, `moves` the places of dm_mod, `phase` is
   * what it was at.
   */
  churn: {
    cycles: 'd',
    reads: 'd',
    busy: 'd',
    moves: 'd',
    elapsedUs: 'd',
    phase: 's',
    over: 'd',
  },
  /** The load kept the CPU from `startUs` to `endUs`; `gaveUp` is 1 when its deadline passed. */
  spun: { pid: 'd', startUs: 'd', endUs: 'd', yieldAfter: 'd', blocks: 'd', gaveUp: 'd' },
  /** A party ended: exit status, or -1 and the signal. */
  exit: { party: 's', pid: 'd', status: 'd', signal: 'd' },
  /**
   * Steps 1 to 9 as they stand after the unload, said before the holder may go on: `traceBytes` of
   * trace were sent, `traceLost` events were lost. What step 10 does to the kernel cannot take it back.
   */
  window: { nonce: 's', traceBytes: 'd', traceLost: 'd' },
  /** A visit of the audit begins: number `visit` of this guest. */
  visit: { visit: 'd', module: 's' },
  /**
   * A step of a visit (`need`, `load`, `create`, `destroy`): wait status `status` of its command, or
   * -1 and the `signal`; `late` is 1 when its time was over. `output` is the end of what it printed.
   */
  step: {
    visit: 'd',
    step: 's',
    command: 's',
    status: 'd',
    signal: 'd',
    late: 'd',
    ms: 'd',
    output: 's',
  },
  /**
   * What the helper had noted, before the destroy and again after the unload: whether what the exercise names was among it, by
   * `object` and `callback`: 1 seen, 0 not, -1 nothing is named. `lost`: there was no room for so many.
   */
  seen: { visit: 'd', objects: 'd', callbacks: 'd', lost: 'd', object: 'd', callback: 'd' },
  /** The module's reference count after its load, and the most that it was after a command of create. */
  used: { visit: 'd', loaded: 'd', most: 'd' },
  /**
   * The command of a step was blocked in the kernel until references were dropped: those of `dropped`,
   * `own` (objects of other types than the driver core's) or `all`.
   */
  blocked: { visit: 'd', step: 's', dropped: 's' },
  /** A module of the visit was unloaded, or not (`error`); `waited`: only once the references went. */
  unloaded: { visit: 'd', module: 's', error: 'd', refcount: 'd', waited: 'd', ms: 'd' },
  /**
   * Something that leads into an unloaded module: the `index`-th thing that was noted. `blocked` is 1
   * when it cannot be made to happen; `fault` as FAULTS has it, or `pending`.
   */
  outlives: {
    visit: 'd',
    index: 'd',
    thing: 's',
    fault: 's',
    blocked: 'd',
    object: 's',
    address: 's',
    what: 's',
  },
  /** It was made to happen by a process, which ended with `status`, or -1 and the `signal`. */
  proof: { visit: 'd', index: 'd', error: 'd', status: 'd', signal: 'd', late: 'd', ms: 'd' },
  /** The visit is over; `spoiled` is 1 when the guest is of no use for another. */
  visited: { visit: 'd', spoiled: 'd', ms: 'd' },
  /** The guest is about to crash its kernel on purpose. */
  crash: { nonce: 's', how: 's' },
  /** The last word of a trial: `traceBytes` is the size of the trace that follows it. */
  closing: { nonce: 's', traceBytes: 'd', traceLost: 'd' },
} as const satisfies Record<string, Record<string, 'd' | 's'>>;

/** Kinds of records; see {@link RECORD_FIELDS}. */
export type RecordKind = keyof typeof RECORD_FIELDS;

type Fields<K extends RecordKind> = {
  readonly [F in keyof (typeof RECORD_FIELDS)[K]]: (typeof RECORD_FIELDS)[K][F] extends 'd'
    ? number
    : string;
};

/**
 * One record; `us` is the guest's CLOCK_MONOTONIC in microseconds. The trace's clock
 * (sched_clock()) and printk's (local_clock()) are others, so times of the three are not compared.
 */
export type GuestRecord = {
  readonly [K in RecordKind]: { readonly kind: K; readonly us: number } & Fields<K>;
}[RecordKind];

/** A record of kind `K`. */
export type RecordOf<K extends RecordKind> = Extract<GuestRecord, { readonly kind: K }>;

/** The first record of a kind, if any. */
export function firstRecord<K extends RecordKind>(
  records: readonly GuestRecord[],
  kind: K,
): RecordOf<K> | undefined {
  return records.find((record): record is RecordOf<K> => record.kind === kind);
}

/** All records of a kind, in order. */
export function recordsOf<K extends RecordKind>(
  records: readonly GuestRecord[],
  kind: K,
): RecordOf<K>[] {
  return records.filter((record): record is RecordOf<K> => record.kind === kind);
}

/**
 * The size of a trial's trace by the guest's own words: what it sent after the unload (record
 * `window`) and what it sent at the end (record `closing`; guests of 0.1 sent all of it then).
 */
export function announcedTraceBytes(records: readonly GuestRecord[]): number {
  const window = firstRecord(records, 'window')?.traceBytes ?? 0;
  return window + (firstRecord(records, 'closing')?.traceBytes ?? 0);
}
