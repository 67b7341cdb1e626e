// SPDX-License-Identifier: MIT
import { sourceName } from '../frame.js';
import type { Recogniser, ReportView } from '../recogniser.js';

/**
 * panic(): kernel/panic.c. The message is whatever the caller wrote; numbers in it differ from
 * boot to boot, so the title leaves them out.
 */
function title(report: ReportView): string {
  const message = (report.match[1] ?? '').trim();
  if (/^stack-protector: /.test(message)) return 'kernel panic: stack is corrupted in {fn}';
  if (/^(?:Out of memory|System is deadlocked on memory|out of memory)/i.test(message)) {
    return `kernel panic: ${message.split(/[:.]/, 1)[0]}`;
  }
  const stable = message
    .replace(/\s*\.{2,}\s*$/, '')
    // drivers/tty/tty_ldisc.c of v4.x: which terminal it was says nothing.
    .replace(/^(Couldn't open N_TTY ldisc) for .*$/, '$1')
    .replace(/^(Fatal exception) in interrupt$/, '$1')
    .replace(/!? ?exitcode=0x[0-9a-f]+.*$/, '!')
    .replace(/0x[0-9a-f]+/g, 'ADDR')
    .replace(/\b[0-9a-f]{12,16}\b/g, 'ADDR')
    .replace(/\b\d{5,}\b/g, 'NUM');
  return `kernel panic: ${stable.slice(0, 120)}`;
}

/** `PANIC at file.c:12:function()` below the assertion says whose it is. */
function panicAt(lines: readonly string[]): string {
  for (const line of lines) {
    const at = /^PANIC at \S{1,200}:\d+:(\w+)\(\)/.exec(line);
    if (at?.[1] !== undefined) return at[1];
  }
  return '';
}

export const PANIC: readonly Recogniser[] = [
  {
    // ZFS: spl_panic(), module/os/linux/spl/spl-err.c; VERIFY* of include/os/linux/spl/sys/debug.h.
    family: 'spl-verify',
    kind: 'panic',
    earnedBy: 'out-of-tree.log',
    hints: ['VERIFY', 'ASSERT'],
    head: /^((?:VERIFY|ASSERT)(?:0|3|3[BUSP]|_\w{2,12})?)\(.{1,400}\) failed(?:$| \(|\. )/,
    from: 'order',
    names: (r) => panicAt(r.lines.slice(1, 6).map((l) => l.text)),
    title: 'PANIC: {1} failed in {fn}',
    confirm: /^PANIC at /,
  },
  {
    family: 'spl-panic',
    kind: 'panic',
    earnedBy: 'out-of-tree.log',
    hints: ['PANIC at '],
    head: /^PANIC at \S{1,200}:\d+:(?<fn>\w+)\(\)/,
    from: 'order',
    title: 'PANIC in {fn}',
  },
  {
    // Lustre: lbug_with_loc(), libcfs; the thread stops for good.
    family: 'lustre-lbug',
    kind: 'panic',
    earnedBy: 'out-of-tree.log',
    hints: ['LustreError: '],
    head: /^LustreError: \d+:\d+:\(\S{1,80}:\d+:(?<fn>\w+)\(\)\) (?:ASSERTION\( ?.{1,300}\) failed|LBUG)/,
    from: 'order',
    title: 'LBUG in {fn}',
  },
  {
    family: 'stack-protector',
    kind: 'panic',
    earnedBy: 'syz/linux/322',
    hints: ['Kernel panic - not syncing'],
    head: /^Kernel panic - not syncing: (stack-protector: .{0,200}?(?:corrupted in: (?:(?<fn>[A-Za-z_][\w.]*)\+0x)?.{0,100})?$)/,
    role: 'panic',
    from: 'order',
    // The canary was this function's own, helper or not.
    names: ({ match }) =>
      match.groups?.fn === undefined ? undefined : sourceName(match.groups.fn),
    title,
  },
  {
    family: 'stack-end',
    kind: 'panic',
    earnedBy: 'stalls.log',
    hints: ['Kernel panic - not syncing'],
    head: /^Kernel panic - not syncing: corrupted stack end detected inside scheduler/,
    role: 'panic',
    // Whoever looks at the stack next finds it: the innermost functions say nothing.
    from: 'overflow',
    title: 'kernel panic: corrupted stack end in {fn}',
  },
  {
    family: 'oom-panic',
    kind: 'oom-panic',
    earnedBy: 'checks.log',
    hints: ['Kernel panic - not syncing'],
    head: /^Kernel panic - not syncing: ((?:Out of memory|System is deadlocked on memory).{0,200})/,
    role: 'panic',
    from: 'none',
    title,
  },
  {
    family: 'panic',
    kind: 'panic',
    earnedBy: 'syz/linux/337; boot-no-root.log',
    hints: ['Kernel panic - not syncing'],
    head: /^Kernel panic - not syncing: ?(.{0,300})/,
    role: 'panic',
    from: 'none',
    title,
  },
];
