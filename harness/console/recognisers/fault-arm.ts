// SPDX-License-Identifier: GPL-2.0-only
import type { Recogniser } from '../recogniser.js';

/**
 * Faults of arm64 and arm: arch/arm64/mm/fault.c (die_kernel_fault), traps.c (die, bad_mode,
 * arm64_serror_panic), arch/arm/mm/fault.c and traps.c, v3.10 to v6.12. riscv and sh word the
 * page fault in the same way.
 */
export const FAULT_ARM: readonly Recogniser[] = [
  {
    family: 'arm-null-deref',
    kind: 'null-deref',
    earnedBy: 'arch.log',
    hints: ['Unable to handle'],
    head: /^Unable to handle kernel NULL pointer dereference at virtual address/,
    from: 'fault',
    title: 'BUG: unable to handle kernel NULL pointer dereference in {fn}',
  },
  {
    family: 'arm-page-fault',
    kind: 'page-fault',
    earnedBy: 'syz/linux/45 (arm64), syz/linux/243 (arm), syz/linux/607 (riscv)',
    hints: ['Unable to handle'],
    head: /^Unable to handle kernel (paging request|access to user memory|read from unreadable memory|write to read-only memory|execute from non-executable memory|memory access)[^@]{0,60} at (?:virtual )?address/,
    from: 'fault',
    title: (r) =>
      r.match[1] === 'access to user memory'
        ? 'BUG: unable to handle kernel access to user memory in {fn}'
        : 'BUG: unable to handle kernel paging request in {fn}',
  },
  {
    family: 'arm-unhandled',
    kind: 'page-fault',
    earnedBy: 'arch.log',
    hints: [
      'Unhandled fault',
      'Unhandled prefetch abort',
      'Unhandled 64-bit',
      'Unhandled 32-bit',
      'Bad mode in',
      'SError Interrupt on CPU',
    ],
    head: /^(?:Unhandled fault: [^(]{1,80}\(0x[0-9a-f]+\) at 0x|Unhandled prefetch abort: [^(]{1,80}\(0x|Unhandled (?:64|32)-bit el\d[a-z]? \w+ exception on CPU|Bad mode in [\w ]{1,40} handler detected on CPU|SError Interrupt on CPU\d+, code 0x)/,
    from: 'fault',
    title: 'BUG: unable to handle kernel paging request in {fn}',
    confirm: /^\s*(?:Internal error|pc : |PC is at|Kernel panic|CPU: \d|\[[0-9a-f]+\] )/,
  },
  {
    family: 'arm-internal-error',
    kind: 'oops',
    earnedBy: 'arch.log',
    hints: ['Internal error: '],
    head: /^Internal error: ([^[]{1,80}?):? (?:[0-9a-f]{1,16} )?\[#\d+\]/,
    role: 'die',
    from: 'fault',
    title: (r) => {
      const what = (r.match[1] ?? '').replace(/^Oops - /, '').replace(/: ?[0-9a-f]+$/, '');
      return what.startsWith('Oops')
        ? 'BUG: unable to handle kernel paging request in {fn}'
        : 'Internal error in {fn}';
    },
  },
  {
    family: 'arm-unexpected-brk',
    kind: 'exception',
    earnedBy: 'arch.log',
    hints: ['Unexpected kernel'],
    head: /^Unexpected kernel (?:BRK exception|single-step exception) at EL1/,
    from: 'fault',
    title: 'Unexpected kernel BRK exception in {fn}',
  },
  {
    family: 'stack-overflow',
    kind: 'stack-overflow',
    earnedBy: 'arch.log',
    hints: ['Insufficient stack space to handle exception'],
    head: /^Insufficient stack space to handle exception!/,
    from: 'overflow',
    title: 'kernel stack overflow in {fn}',
  },
];
