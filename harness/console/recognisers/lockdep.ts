// SPDX-License-Identifier: MIT
import { LOCKS_SOCKET, READS_RCU, WORK } from '../generic/index.js';
import type { Recogniser } from '../recogniser.js';

/**
 * Lock validation: kernel/locking/lockdep.c, spinlock_debug.c, kernel/exit.c. The headings were
 * `[ INFO: ... ]` and `[ BUG: ... ]` until v4.10, `WARNING: ...` since; a few kept the brackets.
 */
const heading = (text: string): RegExp =>
  new RegExp(String.raw`^(?:\[ )?(INFO|BUG|WARNING): (?:${text})[.!]?(?: \]|\s*$)`);

/** Where the lock classes differ but the fault is a circle in their order. */
const CIRCLE =
  'possible (?:circular locking dependency|recursive locking|irq lock inversion dependency) detected|(?:HARD|SOFT)IRQ(?:-READ)?-safe -> (?:HARD|SOFT)IRQ(?:-READ)?-unsafe lock order detected|[A-Z_]{4,20}-safe -> [A-Z_]{4,20}-unsafe lock order detected|circular locking deadlock detected';

const lock = { kind: 'lockdep', from: 'locks', skip: WORK } as const;

export const LOCKDEP: readonly Recogniser[] = [
  {
    ...lock,
    family: 'deadlock',
    earnedBy: 'syz/linux/32 (brackets), syz/linux/192, syz/linux/467',
    hints: [
      'possible circular',
      'possible recursive',
      'possible irq lock',
      'unsafe lock order',
      'circular locking',
    ],
    head: heading(CIRCLE),
    // Cut off right after its heading, it can only be called by that.
    title: (r) =>
      r.lines.some((l) => l.code !== undefined) || r.lines.length > 8
        ? 'possible deadlock in {fn}'
        : r.match[0].replace(/^\[ | \]$/g, '').trim(),
  },
  {
    ...lock,
    family: 'inconsistent-lock',
    earnedBy: 'syz/linux/665, syz/linux/667',
    hints: ['inconsistent lock state', 'inconsistent {'],
    head: heading('inconsistent lock state'),
    title: 'inconsistent lock state in {fn}',
  },
  {
    ...lock,
    family: 'suspicious-rcu',
    earnedBy: 'syz/linux/166; locks.log',
    hints: ['uspicious RCU', 'suspicious rcu'],
    head: heading('[Ss]uspicious (?:RCU|rcu_dereference(?:_check)?\\(\\)) usage'),
    from: 'trace',
    skip: READS_RCU,
    title: (r) => `${r.match[1] === 'INFO' ? 'INFO' : 'WARNING'}: suspicious RCU usage in {fn}`,
  },
  {
    ...lock,
    family: 'unlock-balance',
    earnedBy: 'syz/linux/37, syz/linux/102',
    hints: ['bad unlock balance', 'bad contention'],
    head: heading('(bad (?:unlock balance|contention)) detected'),
    title: (r) => `${r.match[1] === 'WARNING' ? 'WARNING' : 'BUG'}: ${r.match[2]} in {fn}`,
  },
  {
    ...lock,
    family: 'held-lock-freed',
    earnedBy: 'syz/linux/150',
    hints: ['held lock freed'],
    head: heading('held lock freed'),
    title: (r) => `${r.match[1] === 'BUG' ? 'BUG' : 'WARNING'}: held lock freed in {fn}`,
  },
  {
    ...lock,
    family: 'locks-held',
    earnedBy: 'syz/linux/533; locks.log',
    hints: ['still has locks held', 'lock held when returning', 'lock held at task exit'],
    head: heading(
      '(?:.{1,40}\\/\\d+ )?(still has locks held|lock held when returning to user space|lock held at task exit time, still held)',
    ),
    title: (r) => `${r.match[1] === 'BUG' ? 'BUG' : 'WARNING'}: ${r.match[2]} in {fn}`,
  },
  {
    ...lock,
    family: 'wait-context',
    earnedBy: 'locks.log',
    hints: ['nvalid wait context'],
    head: heading('[Ii]nvalid wait context'),
    title: 'BUG: Invalid wait context in {fn}',
  },
  {
    ...lock,
    family: 'nested-lock',
    earnedBy: 'locks.log',
    hints: ['ested lock was not taken'],
    head: heading('[Nn]ested lock was not taken'),
    title: 'WARNING: nested lock was not taken in {fn}',
  },
  {
    // print_collision(), kernel/locking/lockdep.c.
    ...lock,
    family: 'chain-key',
    earnedBy: 'public.log',
    hints: ['chain_key collision'],
    head: heading('chain_key collision'),
    from: 'trace',
    title: 'WARNING: chain_key collision in {fn}',
  },
  {
    ...lock,
    family: 'non-static-key',
    earnedBy: 'locks.log',
    hints: ['trying to register non-static key'],
    head: /^INFO: trying to register non-static key\./,
    from: 'trace',
    skip: LOCKS_SOCKET,
    title: 'INFO: trying to register non-static key in {fn}',
  },
  {
    ...lock,
    family: 'lockdep-limit',
    earnedBy: 'syz/linux/404',
    hints: ['BUG: MAX_'],
    head: /^BUG: (MAX_LOCK\w{1,40}|MAX_STACK\w{1,40}) too low!/,
    from: 'none',
    title: 'BUG: {1} too low!',
  },
  {
    // look_up_lock_class() and register_lock_class().
    ...lock,
    family: 'lock-subclass',
    earnedBy: 'locks.log',
    hints: ['BUG: looking up'],
    head: /^BUG: looking up invalid subclass: \d+/,
    from: 'trace',
    title: 'BUG: looking up invalid subclass in {fn}',
  },
  {
    ...lock,
    family: 'lock-key',
    earnedBy: 'locks.log',
    hints: ['BUG: key '],
    head: /^BUG: key (?:[0-9a-f]{8,16}|\S{1,64}) (?:not in \.data|has not been registered)!/,
    from: 'trace',
    title: 'BUG: lock key not registered in {fn}',
  },
  {
    ...lock,
    family: 'spinlock',
    earnedBy: 'syz/linux/68; locks.log',
    hints: ['BUG: spinlock ', 'BUG: rwlock ', 'BUG: write-lock ', 'BUG: read-lock '],
    head: /^BUG: (spinlock|rwlock|write-lock|read-lock) (bad magic|already unlocked|recursion|wrong owner|wrong CPU|uninitialized|cpu recursion|lockup suspected|lockup|trylock failure on UP) ?(?:on CPU#\d+)?/,
    from: 'trace',
    title: 'BUG: {1} {2} in {fn}',
  },
];
