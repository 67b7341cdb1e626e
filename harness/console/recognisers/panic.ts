// SPDX-License-Identifier: GPL-2.0-only
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
    .replace(/!? ?exitcode=0x[0-9a-f]+.*$/, '!')
    .replace(/0x[0-9a-f]+/g, 'ADDR')
    .replace(/\b[0-9a-f]{12,16}\b/g, 'ADDR');
  return `kernel panic: ${stable.slice(0, 120)}`;
}

export const PANIC: readonly Recogniser[] = [
  {
    family: 'stack-protector',
    kind: 'panic',
    earnedBy: 'syz/linux/322',
    hints: ['Kernel panic - not syncing'],
    head: /^Kernel panic - not syncing: (stack-protector: .{0,200}?(?:corrupted in: (?:(?<fn>[A-Za-z_][\w.]*)\+0x)?.{0,100})?$)/,
    role: 'panic',
    from: 'order',
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
