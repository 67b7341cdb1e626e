// SPDX-License-Identifier: MIT
import { describe, expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';

/** A head, how much of it has to arrive (a few words), and what the kernel prints below it. */
const REPORTS: readonly (readonly [head: string, least: number, below: readonly string[]])[] = [
  [
    'BUG: unable to handle page fault for address: ffff888000000000',
    11,
    [
      '#PF: supervisor read access in kernel mode',
      'Oops: 0000 [#1] SMP',
      'RIP: 0010:demo_fn+0x10/0x20',
    ],
  ],
  [
    'BUG: kernel NULL pointer dereference, address: 0000000000000010',
    11,
    [
      '#PF: supervisor read access in kernel mode',
      'Oops: 0000 [#1] SMP',
      'RIP: 0010:demo_fn+0x10/0x20',
    ],
  ],
  [
    'general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP',
    18,
    ['CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1', 'RIP: 0010:demo_fn+0x10/0x20'],
  ],
  [
    'Oops: general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP',
    24,
    ['CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1', 'RIP: 0010:demo_fn+0x10/0x20'],
  ],
  [
    'divide error: 0000 [#1] SMP',
    12,
    ['CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1', 'RIP: 0010:demo_fn+0x10/0x20'],
  ],
  [
    'invalid opcode: 0000 [#1] SMP',
    14,
    ['CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1', 'RIP: 0010:demo_fn+0x10/0x20'],
  ],
  [
    'Unable to handle kernel paging request at virtual address ffff80000a123000',
    16,
    [
      'Mem abort info:',
      'Internal error: Oops: 0000000096000007 [#1] SMP',
      'pc : demo_fn+0x10/0x20',
    ],
  ],
  [
    'Unable to handle kernel NULL pointer dereference at virtual address 00000004',
    16,
    [
      'Mem abort info:',
      'Internal error: Oops: 0000000096000007 [#1] SMP',
      'pc : demo_fn+0x10/0x20',
    ],
  ],
  [
    'Internal error: synchronous external abort: 96000010 [#1] SMP',
    15,
    ['CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1', 'pc : demo_fn+0x10/0x20'],
  ],
  [
    'BUG: Unable to handle kernel data access on read at 0xc00c000000001234',
    11,
    [
      'Faulting instruction address: 0xc000000000123456',
      'Oops: Kernel access of bad area, sig: 11 [#1]',
      'NIP [c000000000123456] demo_fn+0x10/0x20',
    ],
  ],
  [
    'BUG: Kernel NULL pointer dereference on read at 0x00000000',
    16,
    [
      'Faulting instruction address: 0xc000000000123456',
      'Oops: Kernel access of bad area, sig: 11 [#1]',
      'NIP [c000000000123456] demo_fn+0x10/0x20',
    ],
  ],
  [
    'BUG: KASAN: slab-use-after-free in demo_fn+0x10/0x20',
    10,
    [
      'Read of size 8 at addr ffff88800853aa88 by task sh/7',
      'CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1',
      'Call Trace:',
      ' demo_fn+0x10/0x20',
    ],
  ],
  [
    'BUG: KMSAN: uninit-value in demo_fn+0x10/0x20',
    10,
    [
      ' demo_fn+0x10/0x20',
      ' demo_caller+0x10/0x20',
      'Uninit was created at:',
      ' kmalloc+0x10/0x20',
      'CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1',
    ],
  ],
  [
    'BUG: KCSAN: data-race in demo_fn / demo_other',
    10,
    ['write to 0xffffffffa4cbe920 of 4 bytes by task 0 on cpu 2:', ' demo_fn+0x10/0x20'],
  ],
  [
    'UBSAN: array-index-out-of-bounds in fs/demo.c:12:3',
    7,
    [
      'index 4 is out of range',
      'CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1',
      'Call Trace:',
      ' demo_fn+0x10/0x20',
    ],
  ],
  [
    'kernel BUG at mm/demo.c:272!',
    10,
    ['invalid opcode: 0000 [#1] SMP', 'RIP: 0010:demo_fn+0x10/0x20'],
  ],
  [
    'WARNING: CPU: 0 PID: 7 at mm/demo.c:272 demo_fn+0x10/0x20',
    12,
    [
      'Modules linked in:',
      'CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1',
      'RIP: 0010:demo_fn+0x10/0x20',
    ],
  ],
  [
    'INFO: task sh:5629 blocked for more than 143 seconds.',
    12,
    [
      '      Not tainted 6.1.0 #1',
      '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
      'Call Trace:',
      ' schedule+0x1/0x2',
      ' demo_fn+0x10/0x20',
    ],
  ],
  [
    'watchdog: BUG: soft lockup - CPU#0 stuck for 186s! [sh:2073]',
    18,
    [
      'CPU: 0 PID: 2073 Comm: sh Not tainted 6.1.0 #109',
      'RIP: 0010:demo_fn+0x10/0x20',
      'Call Trace:',
      ' demo_fn+0x10/0x20',
    ],
  ],
  [
    'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
    14,
    [
      'rcu: 1-...0: (6 ticks this GP) idle=545c/1/0x4 softirq=1/1 fqs=2100',
      'NMI backtrace for cpu 1',
      'CPU: 1 PID: 1553 Comm: sh Not tainted 6.12.0 #0',
      'RIP: 0010:demo_fn+0x1/0x2',
      ' asm_sysvec_apic_timer_interrupt+0x1a/0x20',
      ' demo_fn+0x1/0x2',
    ],
  ],
  [
    'WARNING: possible circular locking dependency detected',
    12,
    [
      '6.1.0 #1 Not tainted',
      '------------------------------------------------------',
      'sh/7 is trying to acquire lock:',
      'ffff888142bbd4f0 (&q->l){+.+.}-{4:4}, at: demo_fn+0x287/0x9f0',
    ],
  ],
  [
    'BUG: sleeping function called from invalid context at mm/demo.c:12',
    12,
    [
      'in_atomic(): 1, irqs_disabled(): 0, pid: 7, name: sh',
      'CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1',
      'Call Trace:',
      ' __might_sleep+0x1/0x2',
      ' demo_fn+0x10/0x20',
    ],
  ],
  [
    'BUG: scheduling while atomic: sh/7/0x00000002',
    12,
    [
      'Modules linked in:',
      'CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1',
      'Call Trace:',
      ' __schedule+0x1/0x2',
      ' demo_fn+0x10/0x20',
    ],
  ],
  [
    'Kernel panic - not syncing: Fatal exception',
    12,
    ['CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1', 'Call Trace:', ' panic+0x1/0x2'],
  ],
  [
    'specification exception: 0006 ilc:3 [#1] SMP',
    15,
    ['Krnl PSW : 0404c00180000000 0000000000123456 (demo_fn+0x10/0x20)'],
  ],
];

const stamped = (lines: readonly string[]): string[] =>
  lines.map((line, i) => `[    6.0000${10 + i}] ${line}`);
const boot = stamped(['demo: a', 'demo: b', 'demo: c', 'demo: d', 'demo: e']);
const END = '---[ end trace 0000000000000000 ]---';

describe('a head that another CPU tears after a few words', () => {
  test.each(REPORTS)('%s', (head, least, below) => {
    const late = [];
    for (let length = least; length <= head.length; length++) {
      const log = [...boot, ...stamped([head.slice(0, length), ...below, END])].join('\n');
      const found = scanConsole(`${log}\n`);
      if (found.length !== 1 || found[0]?.line !== 6) late.push(head.slice(0, length));
    }
    expect(late).toEqual([]);
  });

  test('is nothing without the report below it', () => {
    for (const [head, least] of REPORTS) {
      for (let length = least; length < head.length; length += 3) {
        const log = [...boot, ...stamped([head.slice(0, length)]), ...boot].join('\n');
        const found = scanConsole(`${log}\n`);
        const whole = found.filter((f) => f.family?.startsWith('torn'));
        expect(whole.map((f) => f.head)).toEqual([]);
      }
    }
  });
});
