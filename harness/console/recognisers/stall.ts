// SPDX-License-Identifier: MIT
import { WAITS } from '../generic/index.js';
import type { Recogniser } from '../recogniser.js';

/**
 * CPUs and tasks that make no progress: kernel/rcu/tree_stall.h, kernel/watchdog.c,
 * kernel/hung_task.c, kernel/workqueue.c (show_pwq), v3.10 to v6.19.
 */
const RCU = `(?:rcu: )?(?:INFO: )?`;

export const STALL: readonly Recogniser[] = [
  {
    family: 'rcu-stall',
    kind: 'rcu-stall',
    earnedBy: 'syz/linux/145, syz/linux/283, syz/linux/688; locks.log',
    hints: ['detected stall', 'detected expedited stall', 'self-detected', 'detected stalls'],
    head: new RegExp(
      String.raw`^${RCU}(?:rcu_\w{2,30}|RCU) (?:self-)?detected (?:expedited )?stalls?(?: on (?:CPUs?|tasks)(?:\/tasks)?|, but suppressed)`,
    ),
    from: 'interrupted',
    crossCpu: true,
    title: 'INFO: rcu detected stall in {fn}',
  },
  {
    family: 'soft-lockup',
    kind: 'soft-lockup',
    earnedBy: 'syz/linux/296',
    hints: ['soft lockup'],
    head: /^(?:NMI watchdog: |watchdog: )?BUG: soft lockup - CPU#(?<cpu>\d+) stuck for (?<seconds>\d+)s!/,
    from: 'interrupted',
    crossCpu: true,
    title: 'BUG: soft lockup in {fn}',
  },
  {
    family: 'hard-lockup',
    kind: 'hard-lockup',
    earnedBy: 'locks.log',
    hints: ['hard LOCKUP', 'Hard LOCKUP'],
    // kernel/watchdog_perf.c; arch/powerpc/kernel/watchdog.c, two wordings since v4.13.
    head: /^(?:NMI watchdog: |watchdog: )?(?:(?:CPU\d+: )?Watchdog detected hard LOCKUP on cpu ?\d+|CPU \d+ (?:(?:self-)?detected hard|Hard) LOCKUP|Watchdog CPU:\d+ (?:detected )?Hard LOCKUP)/,
    from: 'interrupted',
    crossCpu: true,
    title: 'BUG: hard lockup in {fn}',
  },
  {
    family: 'hung-task',
    kind: 'hung-task',
    earnedBy: 'syz/linux/71, syz/linux/379, syz/linux/440',
    hints: ['blocked for more than', 'blocked in I/O wait for more than'],
    head: /^INFO: task (\S.{0,60}):(\d+) blocked (?:on \S{1,20} |in I\/O wait )?for more than \d+ seconds\./,
    from: 'trace',
    skip: WAITS,
    title: 'INFO: task hung in {fn}',
  },
  {
    family: 'task-cannot-die',
    kind: 'hung-task',
    earnedBy: 'stalls.log',
    hints: ["can't die for more than"],
    head: /^INFO: task (\S.{0,60}):(\d+) can't die for more than \d+ seconds\./,
    from: 'trace',
    skip: WAITS,
    title: "INFO: task can't die in {fn}",
  },
  {
    family: 'workqueue-stall',
    kind: 'workqueue-stall',
    earnedBy: 'locks.log',
    hints: ['workqueue lockup'],
    head: /^BUG: workqueue lockup - pool /,
    from: 'none',
    title: 'BUG: workqueue lockup',
  },
  {
    family: 'rcu-starved',
    kind: 'rcu-stall',
    earnedBy: 'locks.log',
    hints: ['kthread starved for'],
    head: /^(?:rcu: )?(?:INFO: )?rcu_\w{2,30} kthread (?:timer wakeup didn't happen|starved) for \d+ jiffies!/,
    from: 'interrupted',
    crossCpu: true,
    title: 'INFO: rcu detected stall in {fn}',
  },
];
