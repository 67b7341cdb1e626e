// SPDX-License-Identifier: MIT
import type { Fault, Holder } from '../../model/audit.js';
import type { KernelConfig } from '../../model/kernel.js';

/**
 * Kernel code that takes a short reference of its own on such an object, by which it may outlive
 * the module (linux 6.12, drivers/base/class.c and core.c).
 */
const SHORT: Readonly<Partial<Record<Fault, string>>> = {
  'class-release':
    'class_to_subsys(), which holds the class for device_add(), device_del() and every iterator',
  'disk-fops': 'class_dev_iter_next() and class_find_device(), which hold a device of a class',
  'device-type': 'class_dev_iter_next() and class_find_device(), which hold a device of a class',
  'device-class': 'class_dev_iter_next() and class_find_device(), which hold a device of a class',
  'device-release': 'class_dev_iter_next() and class_find_device(), which hold a device of a class',
};

const QUEUED: Readonly<Partial<Record<Fault, string>>> = {
  'rcu-callback': 'RCU has the callback queued and calls it after the grace period',
  timer: 'the timer is armed',
  work: 'the workqueue has the work queued',
  thread: 'the thread runs',
};

/** Who would have to hold what for a fault to become a crash on this kernel. */
export function holderOf(fault: Fault, config: KernelConfig): Holder {
  const queued = QUEUED[fault];
  if (queued !== undefined) return { is: 'kernel', who: queued };
  if (config.get('DEBUG_KOBJECT_RELEASE') === 'y') return { is: 'debug-option' };
  const short = SHORT[fault];
  return short === undefined ? { is: 'helper' } : { is: 'short', who: short };
}

/** Whether the kernel may do it by itself, so that it is worth trying without a module of ours. */
export const isKernels = (holder: Holder): boolean =>
  holder.is === 'kernel' || holder.is === 'debug-option';
