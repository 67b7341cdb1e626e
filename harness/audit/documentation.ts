// SPDX-License-Identifier: MIT
import type { Fault } from '../model/audit.js';

/** A page of the kernel's documentation, and what it asks for. */
export interface DocumentationPage {
  /** Relative to the kernel's tree, as linux 6.12 has it. */
  readonly file: string;
  /** What the page asks for, in a sentence. */
  readonly asks: string;
}

const KOBJECT = 'Documentation/core-api/kobject.rst';

/** The page that asks for better, by fault. */
export const DOCUMENTATION: Readonly<Record<Fault, DocumentationPage>> = {
  'class-release': {
    file: KOBJECT,
    asks: 'a kobject, and so what its release needs, must persist until release() has been called',
  },
  'bus-release': {
    file: KOBJECT,
    asks: 'a kobject, and so what its release needs, must persist until release() has been called',
  },
  'disk-fops': {
    file: KOBJECT,
    asks: 'a kobject, and so what its release needs, must persist until release() has been called',
  },
  'device-type': {
    file: KOBJECT,
    asks: 'a kobject, and so what its release needs, must persist until release() has been called',
  },
  'device-class': {
    file: KOBJECT,
    asks: 'a kobject, and so what its release needs, must persist until release() has been called',
  },
  'device-release': {
    file: KOBJECT,
    asks: 'code cannot know when the last reference is dropped, so its release() must stay callable',
  },
  ktype: {
    file: KOBJECT,
    asks: 'code cannot know when the last reference is dropped, so its kobj_type must stay',
  },
  'object-in-module': {
    file: KOBJECT,
    asks: 'kobjects are dynamic and must not be declared statically',
  },
  'freed-under-reference': {
    file: KOBJECT,
    asks: 'memory is freed by the release() method, never while a reference is held',
  },
  'rcu-callback': {
    file: 'Documentation/RCU/rcubarrier.rst',
    asks: 'a module that uses call_rcu() waits with rcu_barrier() for its callbacks before it goes',
  },
  timer: {
    file: 'Documentation/kernel-hacking/locking.rst',
    asks: 'a timer is deleted by a function that waits for its handler (timer_delete_sync())',
  },
  work: {
    file: 'Documentation/core-api/workqueue.rst',
    asks: 'work is cancelled or flushed (cancel_work_sync(), flush_work()) before its code goes',
  },
  thread: {
    file: 'Documentation/driver-api/basics.rst',
    asks: 'a thread is stopped by kthread_stop(), which waits until it has ended',
  },
  'unload-waits': {
    file: KOBJECT,
    asks: 'a kobject must persist until its release() has been called: the module waits for that',
  },
};
