// SPDX-License-Identifier: MIT
import type { Recogniser } from '../recogniser.js';

/** Sleeping where one must not: kernel/sched/core.c, lib/smp_processor_id.c, kernel/workqueue.c. */
export const SCHEDULING: readonly Recogniser[] = [
  {
    family: 'atomic-sleep',
    kind: 'atomic-sleep',
    earnedBy: 'syz/linux/608',
    hints: ['sleeping function called from'],
    head: /^BUG: sleeping function called from (?:invalid|illegal) context/,
    from: 'trace',
    title: 'BUG: sleeping function called from invalid context in {fn}',
  },
  {
    family: 'scheduling-while-atomic',
    kind: 'atomic-sleep',
    earnedBy: 'syz/linux/366, syz/linux/645',
    hints: ['scheduling while atomic'],
    head: /^(?:BUG: )?scheduling while atomic(?: \([0-9]{1,4}\))?: .{1,80}\/-?\d+\/0x[0-9a-f]+/,
    from: 'trace',
    skip: /^(?:panic_saved_regs|schedule)$/,
    title: 'BUG: scheduling while atomic in {fn}',
  },
  {
    // schedule_debug(), kernel/sched/core.c, v5.4 and later: between non_block_start() and _end().
    family: 'non-blocking-section',
    kind: 'atomic-sleep',
    earnedBy: 'public.log',
    hints: ['scheduling in a non-blocking section'],
    head: /^BUG: scheduling in a non-blocking section: /,
    from: 'trace',
    title: 'BUG: scheduling in a non-blocking section in {fn}',
  },
  {
    // __cant_sleep() and __cant_migrate(), kernel/sched/core.c, v5.1 and later.
    family: 'assumed-context',
    kind: 'atomic-sleep',
    earnedBy: 'public.log',
    hints: ['BUG: assuming '],
    head: /^BUG: assuming (atomic|non migratable) context at (\S{1,400}):\d+/,
    from: 'trace',
    title: 'BUG: assuming {1} context at {2}:LINE',
  },
  {
    family: 'idle-scheduling',
    kind: 'atomic-sleep',
    earnedBy: 'locks.log',
    hints: ['scheduling from the idle thread'],
    head: /^bad: scheduling from the idle thread!/,
    from: 'trace',
    title: 'bad: scheduling from the idle thread in {fn}',
  },
  {
    family: 'preemptible',
    kind: 'atomic-sleep',
    earnedBy: 'syz/linux/137',
    hints: ['in preemptible ['],
    head: /^BUG: using (\w{3,60}(?:\(\))?) in preemptible \[[0-9a-f]+\] code: /,
    from: 'trace',
    title: 'BUG: using {1} in preemptible code in {fn}',
  },
  {
    family: 'workqueue-leak',
    kind: 'atomic-sleep',
    earnedBy: 'syz/linux/212',
    hints: ['workqueue leaked'],
    head: /^BUG: workqueue leaked (lock or atomic|atomic, lock or RCU|lock, atomic or RCU)/,
    from: 'none',
    names: (r) => {
      // "last function:" until v6.8, "workfn=" from v6.9.
      const lines = r.lines.slice(1, 4).map((l) => l.text);
      return (
        /^\s*(?:last function: |preempt=.{1,60} workfn=)(\w+)/m.exec(lines.join('\n'))?.[1] ?? ''
      );
    },
    title: 'BUG: workqueue leaked {1} in {fn}',
  },
  {
    family: 'softirq-preempt-leak',
    kind: 'atomic-sleep',
    earnedBy: 'locks.log',
    hints: ['huh, entered softirq', ' preempt leak: '],
    head: /^(?:huh, entered softirq \d+ \w* ?[\w.+/]{0,80} with preempt_count [0-9a-f]+, exited with|timer: \S{1,160} preempt leak: )/,
    from: 'none',
    title: 'BUG: preemption count leaked',
  },
];
