// SPDX-License-Identifier: MIT
import type { Confidence, Fault, GonePlace, Holder } from '../model/audit.js';
import type { Blamed } from './identify.js';

/** What a fault is, in words that go on after the core function's or the module's name. */
const SAYS: Readonly<Record<Fault, string>> = {
  'class-release': 'reads a class that lies in the unloaded module',
  'bus-release': 'writes to a bus_type that lies in the unloaded module',
  'disk-fops': 'reads the block_device_operations of the unloaded module',
  'device-type': 'reads a device_type of the unloaded module',
  'device-class': 'reads a class of the unloaded module',
  'device-release': 'calls a release method in the unloaded module',
  ktype: 'reads a kobj_type of the unloaded module, or calls its release',
  'object-in-module': 'touches an object that lies in the unloaded module',
  'freed-under-reference': 'touches an object that was freed while a reference was held',
  'rcu-callback': 'calls an RCU callback in the unloaded module',
  timer: 'runs a timer’s function in the unloaded module',
  work: 'runs a work item’s function in the unloaded module',
  thread: 'runs a thread’s function in the unloaded module',
  'unload-waits': 'waits until nobody holds an object of the module',
};

/** One line that says what is wrong. */
export function titleOf({ fault, about, core, module, symbol }: Blamed): string {
  const of = module === null ? '' : ` (${symbol === null ? module : `${symbol} of ${module}`})`;
  if (fault === null) return `${about} is a method in module text${of}`;
  return `${core ?? about}() ${SAYS[fault]}${of}`;
}

/** An address in a module that is gone, by name: `tun_prog_free+0x0 [unloaded tun]`. */
export const placeText = ({ module, offset, symbol }: GonePlace): string =>
  `${symbol ?? `0x${offset.toString(16)}`} [unloaded ${module}]`;

/** What somebody would have to hold. */
const HELD: Readonly<Record<Fault, string>> = {
  'class-release': 'a reference on the class’s kobject',
  'bus-release': 'a reference on the bus’s kobject',
  'disk-fops': 'a reference on the disk’s device',
  'device-type': 'a reference on the device',
  'device-class': 'a reference on the device',
  'device-release': 'a reference on the device',
  ktype: 'a reference on the kobject',
  'object-in-module': 'a reference on the object',
  'freed-under-reference': 'a reference on the object',
  'rcu-callback': 'the callback queued',
  timer: 'the timer armed',
  work: 'the work item queued',
  thread: 'the thread running',
  'unload-waits': 'a reference on an object of the module',
};

/** Who would have to hold what past the unload, and whether the kernel has such a holder. */
export function needsSentence(fault: Fault | null, holder: Holder | null): string {
  if (fault === null || holder === null) {
    return 'only the module’s file was read: whether anything outlives it was not tried';
  }
  // A thread that the kernel does not run by itself outlives the module by what is held of it.
  const held =
    fault === 'thread' && holder.is !== 'kernel'
      ? 'a reference on the object whose release method stops the thread'
      : HELD[fault];
  switch (holder.is) {
    case 'kernel':
      return `the kernel itself keeps ${held} past the unload: ${holder.who}`;
    case 'short':
      return `${held} must be held past the unload; the kernel has a short holder: ${holder.who}`;
    case 'debug-option':
      return `${held} must be held past the unload; CONFIG_DEBUG_KOBJECT_RELEASE does that`;
    case 'helper':
      return `${held} must be held past the unload; no holder in the kernel is known, dmrace’s helper module stood for one`;
  }
}

/** What each word means, for legends. */
export const WORDS: Readonly<Record<Confidence, string>> = {
  proven: 'it crashed at a named address of the unloaded module',
  reachable: 'a live object points into unloaded memory, checked in the guest',
  pending: 'a callback, timer, work item or thread was still queued when the module went',
  waits: 'the unload waited until the reference was dropped: protected',
  listed: 'a method in module text, by the file and its BTF',
  hint: 'what the module imports, or names alone',
};

/** Said of a module of which nothing was seen; never that it is clean. */
export const NOTHING_SEEN = 'nothing seen with this exercise';
