// SPDX-License-Identifier: MIT
import type { Recogniser } from '../recogniser.js';
import { torn } from './torn-words.js';

/** What tells a lock report before its first stack: print_lock() of kernel/locking/lockdep.c. */
const LOCK =
  /(?:is trying to (?:acquire|release|lock)|takes|but task is already holding|just changed the state)/;
const DUMPED = /^CPU: \d+ .*PID: \d+ .*Comm: \S/;

/** Torn heads of what checks find; they count where the lines of such a report follow. */
export const TORN_CHECKS: readonly Recogniser[] = [
  {
    family: 'torn-kmsan',
    kind: 'kmsan',
    earnedBy: 'lists.log',
    hints: ['BUG: KMSAN'],
    head: /^BUG: KMSAN(?:: ?(?<what>[a-z][\w-]*)?(?: (?:i|in)?)?)?\s*$/,
    from: 'order',
    title: (r) => `KMSAN: ${r.match.groups?.what ?? 'torn report'} in {fn}`,
    confirm: /^(?:Uninit was|Local variable|Bytes \d)/,
  },
  {
    family: 'torn-kcsan',
    kind: 'kcsan',
    earnedBy: 'lists.log',
    hints: ['BUG: KCSAN'],
    head: /^BUG: KCSAN(?:: ?(?:[a-z][\w-]*)?(?: (?:i|in)?)?)?\s*$/,
    from: 'order',
    title: 'KCSAN: data-race in {fn}',
    confirm: /^(?:(?:read|write|read-write)(?: \(marked\))? to 0x|race at unknown)/,
  },
  {
    family: 'torn-ubsan',
    kind: 'ubsan',
    earnedBy: 'lists.log',
    hints: ['UBSAN: '],
    head: /^UBSAN: ?(?:(?<what>[a-zU][a-z -]{0,60}?)(?: (?:i|in(?: \S{0,200})?)?)?)?$/,
    from: 'trace',
    title: (r) => `UBSAN: ${(r.match.groups?.what ?? 'torn report').toLowerCase()} in {fn}`,
    confirm: DUMPED,
  },
  {
    family: 'torn-deadlock',
    kind: 'lockdep',
    earnedBy: 'lists.log',
    hints: ['WARNING: pos'],
    head: torn(
      ['WARNING: possible circular locking dependency detected', 12],
      ['WARNING: possible recursive locking detected', 18],
      ['WARNING: possible irq lock inversion dependency detected', 18],
    ),
    from: 'locks',
    title: 'possible deadlock in {fn}',
    confirm: LOCK,
  },
  {
    family: 'torn-lock-state',
    kind: 'lockdep',
    earnedBy: 'lists.log',
    hints: ['WARNING: inc'],
    head: torn(['WARNING: inconsistent lock state', 12]),
    from: 'locks',
    title: 'inconsistent lock state in {fn}',
    confirm: LOCK,
  },
  {
    family: 'torn-panic',
    kind: 'panic',
    earnedBy: 'lists.log',
    hints: ['Kernel panic'],
    head: torn(['Kernel panic - not syncing', 12]),
    role: 'panic',
    from: 'none',
    title: 'kernel panic',
    confirm: /^(?:CPU: \d+ .*PID: \d+ .*Comm: \S|---\[ end Kernel panic|Kernel Offset)/,
  },
];
