// SPDX-License-Identifier: MIT
import { inSystem, probeOn, systemCall, tracepoint } from '../../evidence/sources.js';
import type {
  Proof,
  Sighting,
  StepNumber,
  StopPlace,
  Telling,
  TraceSource,
} from '../../model/proof.js';

// All of lib/ is built without ftrace entries, and kprobe events refuse such functions, so that the
// reference is watched in two small functions of the helper module.
const GOT = probeOn('got', 'dmrace_got', 'kobj=$arg1:x64 refcnt=$arg2:u32');
const PUT = probeOn('put', 'dmrace_put', 'kobj=$arg1:x64 refcnt=$arg2:u32');
/** The completion follows the kobject (struct dm_kobject_holder), so its argument tells the count. */
const WAIT = probeOn(
  'wait_for_completion',
  'wait_for_completion',
  'completion=$arg1:x64 refcnt={refcount}($arg1):u32',
);
const COMPLETE = probeOn('complete', 'complete', 'completion=$arg1:x64 caller={return}:x64');
/**
 * struct device begins with its kobject, and that with its name (include/linux/device.h,
 * include/linux/kobject.h).
 */
const DISK_RELEASE = probeOn('disk_release', 'disk_release', 'name=+0(+0($arg1)):string');

const SWITCH = tracepoint('sched', 'sched_switch');
const WAKING = tracepoint('sched', 'sched_waking');
const EXIT = tracepoint('sched', 'sched_process_exit');
const MODULE_FREE = inSystem('module', 'module_free');
const PRINTK = inSystem('printk', 'console');
const WORK_START = tracepoint('workqueue', 'workqueue_execute_start');
const WORK_END = tracepoint('workqueue', 'workqueue_execute_end');
const IOCTL = systemCall('ioctl', 'enter');
const IOCTL_DONE = systemCall('ioctl', 'exit');
const UNLOAD = systemCall('delete_module', 'enter');
const UNLOAD_DONE = systemCall('delete_module', 'exit');

const CLOCK = { source: PRINTK, why: 'where the console lies on the trace’s clock' } as const;
const UNLOADING = { source: UNLOAD, why: 'when the unload began, for the pictures' } as const;
const ENDING = { source: EXIT, why: 'a party that dies does not come back' } as const;

/** cmd of DM_DEV_REMOVE without its size bits: _IOC_NR 4, type 0xfd (include/uapi/linux/dm-ioctl.h). */
const IS_DM_REMOVE = { argument: 'cmd', mask: 0xffff, is: 0xfd04 } as const;

const inModule = (symbol: string, what: string): StopPlace => ({ symbol, module: 'dm_mod', what });
const SYSFS_EXIT = inModule('dm_sysfs_exit', 'dm_sysfs_exit()');
const WAITS: StopPlace = {
  symbol: 'wait_for_completion',
  sameStack: true,
  what: 'wait_for_completion()',
};
const RELEASE: StopPlace = {
  symbol: 'dm_kobject_release',
  inMethodHome: true,
  what: 'dm_kobject_release() in {home}',
};
const GOES_ON: StopPlace = {
  return: true,
  sameStack: true,
  what: 'the remover goes on after the wait',
};
const DEV_REMOVE = inModule('dev_remove', 'dev_remove(), the ioctl');
const DM_EXIT = inModule('dm_exit', 'dm_exit(), the unload');

const unloaded = (missing: string): Sighting => ({
  source: MODULE_FREE,
  where: [{ says: 'dm_mod' }],
  missing,
});

const removes = (step: StepNumber): Pick<Proof, 'step' | 'see'> => ({
  step,
  see: [
    { source: IOCTL, by: 'dmsetup', where: [IS_DM_REMOVE], missing: 'no DM_DEV_REMOVE by dmsetup' },
  ],
});

/**
 * The ten steps of the comment in drivers/md/dm-builtin.c (v3.14, commit 2995fa78e423), shortened to
 * one line each.
 */
export const TEN_STEPS: Telling = {
  title: 'The ten steps',
  note: 'The comment of drivers/md/dm-builtin.c, step by step. Times are milliseconds after step 1, on the trace’s clock; the lines are the guest kernel’s own.',
  proofs: [
    {
      step: 1,
      party: 'holder',
      says: 'some other process takes a reference on the dm kobject',
      does: 'takes a reference on /sys/block/dm-N/dm through the helper module, as SCHED_IDLE',
      proof: 'probe on the helper’s get, of this kobject, count at least 2',
      see: [
        {
          source: GOT,
          by: 'holder',
          where: [
            { address: 'kobj', is: '$kobject' },
            { number: 'refcnt', atLeast: 2 },
          ],
          missing: 'no reference taken by the holder',
        },
      ],
      stops: [
        { symbol: 'dmrace_got', module: 'dmrace_helper', what: 'the holder has its reference' },
      ],
    },
    {
      ...removes(2),
      party: 'remover',
      says: 'the user removes the dm device by ioctl',
      does: 'dmsetup remove, as SCHED_FIFO 50',
      proof: 'ioctl DM_DEV_REMOVE by dmsetup',
      stops: [DEV_REMOVE],
    },
    {
      step: 3,
      party: 'remover',
      says: 'dm_sysfs_exit() puts the kobject; not the last reference',
      does: 'dm_sysfs_exit() puts the kobject',
      proof: 'count 1 when wait_for_completion() is entered: one put, no release',
      see: [
        {
          source: WAIT,
          by: 'dmsetup',
          where: [{ number: 'refcnt', is: 1 }],
          missing: 'dmsetup never entered wait_for_completion() with one reference left',
          binds: { completion: { address: 'completion' } },
        },
      ],
      stops: [SYSFS_EXIT],
    },
    {
      step: 4,
      party: 'remover',
      says: 'dm_sysfs_exit() waits on the completion',
      does: 'waits on the completion behind the kobject',
      proof: 'dmsetup is switched out in state D, and its ioctl has not returned',
      see: [
        {
          source: SWITCH,
          where: [
            { pid: 'prev_pid', of: 'dmsetup' },
            { field: 'prev_state', begins: 'D' },
          ],
          missing: 'dmsetup did not sleep on the completion',
          unless: { source: IOCTL_DONE, by: 'dmsetup' },
        },
      ],
      stops: [SYSFS_EXIT, WAITS],
    },
    {
      step: 5,
      party: 'holder',
      says: 'the other process drops the last reference',
      does: 'drops its reference, the last one',
      proof: 'probe on the helper’s put, of this kobject, count 1',
      see: [
        {
          source: PUT,
          by: 'holder',
          where: [
            { address: 'kobj', is: '$kobject' },
            { number: 'refcnt', is: 1 },
          ],
          missing: 'the holder did not drop the last reference',
        },
      ],
      stops: [
        { symbol: 'dmrace_put', module: 'dmrace_helper', what: 'the holder drops its reference' },
      ],
    },
    {
      step: 6,
      party: 'holder',
      says: 'dm_kobject_release() calls complete()',
      does: 'dm_kobject_release() calls complete()',
      proof: 'probe on complete() of the completion of step 3, in the holder',
      see: [
        {
          source: COMPLETE,
          by: 'holder',
          where: [{ address: 'completion', is: '$completion' }],
          missing: 'no complete() of that completion in the holder',
          binds: { returnAddress: { address: 'caller' } },
        },
      ],
      stops: [RELEASE],
    },
    {
      step: 7,
      party: 'holder',
      says: 'a reschedule before dm_kobject_release() returns',
      does: 'is preempted by the remover that it woke',
      proof: 'switched out in state R with the return address of step 6 still on its stack',
      see: [
        // The preemption that counts is the one after complete() has woken the remover: an interrupt
        // may well take the CPU from the holder at the start of complete() and give it back.
        {
          source: WAKING,
          by: 'holder',
          where: [{ pid: 'pid', of: 'dmsetup' }],
          missing: 'complete() did not wake dmsetup',
        },
        {
          source: SWITCH,
          where: [{ pid: 'prev_pid', of: 'holder' }],
          missing: 'the holder was not switched out after complete()',
          must: [
            {
              hold: { field: 'prev_state', begins: 'R' },
              otherwise: 'the holder went to sleep by itself instead of being preempted',
            },
            {
              hold: { stackHolds: '$returnAddress' },
              otherwise: 'the holder had already returned from complete() when it was preempted',
            },
          ],
        },
      ],
      stops: [
        RELEASE,
        // complete() wakes the remover by it, through functions that are inlined on some kernels; the
        // holder may be preempted earlier by somebody else.
        {
          symbol: 'try_to_wake_up',
          prefix: true,
          sameStack: true,
          what: 'try_to_wake_up(), which wakes the remover',
        },
        {
          symbol: '__schedule',
          prefix: true,
          sameStack: true,
          what: '__schedule(), by which the holder is preempted',
        },
      ],
    },
    {
      step: 8,
      party: 'remover',
      says: 'dm_sysfs_exit() goes on, the device is gone',
      does: 'finishes the removal; the load keeps the holder off the CPU whenever it sleeps',
      proof: 'the ioctl of step 2 returns 0',
      see: [
        {
          source: IOCTL_DONE,
          by: 'dmsetup',
          missing: 'the removal did not succeed',
          must: [
            { hold: { returned: 0 }, otherwise: 'the removal did not succeed: it returned {text}' },
          ],
        },
      ],
      stops: [SYSFS_EXIT, WAITS, GOES_ON],
    },
    {
      step: 9,
      party: 'remover',
      says: 'the user unloads dm_mod',
      does: 'delete_module("dm_mod")',
      proof: 'module_free, then delete_module returns 0; the holder never ran since step 7',
      see: [
        unloaded('dm_mod was not freed (no module_free)'),
        {
          source: UNLOAD_DONE,
          by: 'remover',
          where: [{ returned: 0 }],
          missing: 'delete_module did not return 0',
        },
      ],
      never: {
        since: 7,
        source: SWITCH,
        where: [{ pid: 'next_pid', of: 'holder' }],
        says: 'the holder ran again before the unload was done',
      },
      stops: [DM_EXIT],
    },
    {
      step: 10,
      party: 'holder',
      says: 'the process of step 7 runs again',
      does: 'runs again',
      proof: 'switched in after step 9; or named by the crash report of a kernel that panicked',
      see: [
        {
          source: SWITCH,
          where: [{ pid: 'next_pid', of: 'holder' }],
          missing: 'the holder never ran again',
        },
      ],
      stops: [
        RELEASE,
        {
          step: 6,
          field: 'caller',
          otherwise:
            'the recorded trial did not prove step 6, so nobody knows where complete() returns to',
          sameStack: true,
          what: 'the return from complete()',
        },
      ],
    },
  ],
  also: [CLOCK, UNLOADING, ENDING],
};

/** Said of a trial whose delay ended before the unload: it shows the other side, and no crash. */
export const RELEASED_BEFORE_UNLOAD =
  'the disk was released before the unload was done: the delay fell on the other side';

const NOT_UNLOADED = 'the unload did not succeed';

const WATCHED: readonly { source: TraceSource; why: string }[] = [
  { source: WORK_START, why: 'which work item releases the disk' },
  { source: WORK_END, why: 'the guest waits for the worker to come back from the release' },
  CLOCK,
  UNLOADING,
  ENDING,
];

/**
 * The steps of the second bug with nothing but the kernel's own means. They keep the numbers that they
 * have among the ten. There is no holder: a kernel worker is the one that comes too late.
 */
export const DELAYED_STEPS: Telling = {
  title: 'The steps',
  note: 'They keep their numbers among the ten of drivers/md/dm-builtin.c. There is no holder: a kernel worker comes too late. Times are milliseconds after the first step, on the trace’s clock; the lines are the guest kernel’s own.',
  proofs: [
    {
      ...removes(2),
      party: 'remover',
      says: 'dmsetup remove',
      does: 'dmsetup remove',
      proof: 'ioctl DM_DEV_REMOVE by dmsetup',
      stops: [DEV_REMOVE],
    },
    {
      step: 8,
      party: 'remover',
      says: 'the removal is done',
      does: 'the removal is done',
      proof: 'the ioctl of step 2 returns 0',
      see: [
        {
          source: IOCTL_DONE,
          by: 'dmsetup',
          missing: 'the removal did not succeed',
          must: [{ hold: { returned: 0 }, otherwise: 'the removal did not succeed' }],
        },
      ],
      stops: [SYSFS_EXIT, WAITS, GOES_ON],
    },
    {
      step: 9,
      party: 'remover',
      says: 'delete_module("dm_mod")',
      does: 'delete_module("dm_mod")',
      proof: 'module_free, then delete_module returns 0',
      see: [
        unloaded(NOT_UNLOADED),
        {
          source: UNLOAD_DONE,
          by: 'remover',
          missing: NOT_UNLOADED,
          must: [{ hold: { returned: 0 }, otherwise: NOT_UNLOADED }],
        },
      ],
      stops: [DM_EXIT],
    },
    {
      step: 10,
      party: 'worker',
      says: 'kobject_delayed_cleanup() releases the disk',
      does: 'kobject_delayed_cleanup() releases the disk',
      proof: 'probe on disk_release() with the name of the disk, after step 9',
      see: [
        {
          source: DISK_RELEASE,
          where: [{ text: 'name', is: '$disk' }],
          after: 2,
          missing: '{diskName} was never released',
        },
      ],
      notBefore: { step: 9, says: RELEASED_BEFORE_UNLOAD },
      stops: [{ symbol: 'disk_release', what: 'disk_release()' }],
    },
  ],
  also: WATCHED,
};

/** Of a soak nothing is proven; its guest is watched as that of a delayed release is. */
export const SOAK_STEPS: Telling = {
  title: 'The steps',
  note: 'A soak has none.',
  proofs: [],
  also: [
    { source: DISK_RELEASE, why: 'when the disk was released' },
    { source: IOCTL, why: 'what is done to the device' },
    { source: IOCTL_DONE, why: 'what came of it' },
    { source: UNLOAD_DONE, why: 'what came of the unload' },
    { source: MODULE_FREE, why: 'when the text was gone' },
    ...WATCHED,
  ],
};

/** Of a crash on purpose nothing is proven; its guest is that of the ten steps. */
export const CRASH_STEPS: Telling = {
  title: 'The steps',
  note: 'A crash on purpose has none.',
  proofs: [],
  also: [
    ...[GOT, PUT, WAIT, COMPLETE].map((source) => ({ source, why: 'as in the ten steps' })),
    ...[SWITCH, WAKING, IOCTL, IOCTL_DONE, UNLOAD_DONE, MODULE_FREE].map((source) => ({
      source,
      why: 'as in the ten steps',
    })),
    ...TEN_STEPS.also,
  ],
};
