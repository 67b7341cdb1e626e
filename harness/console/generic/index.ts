// SPDX-License-Identifier: MIT

import { rustName } from '../rust.js';
import { CALLS, ENTRY, INTERRUPTS } from './entry.js';
import { LOCK_OWNERS, LOCKDEP_MACHINERY, LOCKING, RCU, SOCKET_LOCK } from './locking.js';
import { ALLOCATORS, COPYING, PAGE_CACHE, PAGES, SLAB } from './memory.js';
import { ASSERTING, FORMATTING, REPORTING, TRACING } from './reporting.js';
import { CHECKS, SANITIZERS, STACKDEPOT } from './sanitizers.js';
import {
  ARITHMETIC,
  CIPHERING,
  CONSUMED,
  DIGESTS,
  ITERATORS,
  PORTS,
  REFERENCES,
  REGISTRATION,
  STRUCTURES,
} from './structures.js';
import { DEFERRED, WAKING } from './timers.js';
import { ALLOCATING, HANGING, RCU_READERS, WAITING, WORK_LOCKS } from './waiting.js';
import { anyOf } from './words.js';

/**
 * Functions that a crash is seen in, but that are not to blame for it: the machinery that detects
 * and prints, and the helpers that only work on what their caller gave them.
 */
const GENERIC = anyOf(
  [
    REPORTING,
    FORMATTING,
    TRACING,
    SANITIZERS,
    STACKDEPOT,
    CHECKS,
    ALLOCATORS,
    SLAB,
    COPYING,
    STRUCTURES,
    REFERENCES,
    ITERATORS,
    REGISTRATION,
    PORTS,
    CONSUMED,
    DIGESTS,
    ARITHMETIC,
    ASSERTING,
    PAGES,
    PAGE_CACHE,
    DEFERRED,
    WAKING,
    LOCKING,
    LOCKDEP_MACHINERY,
    RCU,
    WAITING,
    ENTRY,
    INTERRUPTS,
    CALLS,
  ].flat(),
);
const seen = new Map<string, boolean>();

/** Whether a function (its source name) is too generic to be named in a title. */
export function isGeneric(name: string): boolean {
  const known = seen.get(name);
  if (known !== undefined) return known;
  const answer = GENERIC(bare(name));
  // The names come from the log: the memory of them must not grow with it.
  if (seen.size > 4096) seen.clear();
  seen.set(name, answer);
  return answer;
}

const OWNERS = anyOf(LOCK_OWNERS);

/** Whether a helper has locks of its own: where one is said to be taken in it, it may be named. */
export function ownsLocks(name: string): boolean {
  return OWNERS(bare(name));
}

/** What only notices, prints, locks or leads to a fault; the rest of the helpers do something. */
const MACHINERY = anyOf(
  [
    REPORTING,
    TRACING,
    SANITIZERS,
    STACKDEPOT,
    CHECKS,
    LOCKING,
    LOCKDEP_MACHINERY,
    ENTRY,
    INTERRUPTS,
  ].flat(),
);

/** Whether a helper tells nothing at all of what went on. */
export function isMachinery(name: string): boolean {
  return MACHINERY(bare(name));
}

/** A name without its leading underscores, which say only that it is somebody's inner half. */
function bare(name: string): string {
  return name.replace(/^[_.]+/, '');
}

/** Variants of one operation, which differ by configuration and version; the title has one name. */
const SAME: readonly (readonly [RegExp, string])[] = [
  [/^_*synchronize_(?:rcu|sched|rcu_bh)(?:_expedited|_normal)?$/, 'synchronize_rcu'],
  [/^_*smp_call_function(?:_single|_many|_any|_many_cond)?$/, 'smp_call_function'],
];

/** For who hangs, one grace period is as good as another. */
const GRACE = /^_*synchronize_(?:srcu|rcu_tasks)(?:_\w+)?$/;

/** The name that a function has in titles. */
export function titleName(name: string, hung = false): string {
  if (hung && GRACE.test(name)) return 'synchronize_rcu';
  if (name.startsWith('_R')) return rustName(name) ?? name;
  return SAME.find(([variant]) => variant.test(name))?.[1] ?? name;
}

const whole = (list: readonly string[]): RegExp => new RegExp(`^_*(?:${list.join('|')})$`);

/** What a hung task is not said to hang in, on top of the generic functions. */
export const WAITS = whole(HANGING);
/** What a leak is not said to be in. */
export const ALLOCATES = whole(ALLOCATING);
/** What suspicious use of RCU is not said to be in. */
export const READS_RCU = whole([...RCU_READERS, ...WORK_LOCKS]);
/** What lockdep names when a work item's lock is meant. */
export const WORK = whole(WORK_LOCKS);
/** What a lock that was not set up is not said to be in. */
export const LOCKS_SOCKET = whole(SOCKET_LOCK);
/** What the use of a value that was never set is not said to be in. */
export const CIPHERS = whole(CIPHERING);
