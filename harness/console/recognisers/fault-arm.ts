// SPDX-License-Identifier: MIT
import type { Recogniser } from '../recogniser.js';

/** A program's faults are told in the same words, without what follows. */
const CONFIRMED = /^\s*(?:Internal error|pc : |PC is at|Kernel panic|CPU: \d|\[[0-9a-f]+\] )/;

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
    head: /^Unable to handle kernel (paging request|access to user memory|execution of user memory|read from unreadable memory|write to read-only memory|execute from non-executable memory|memory access)[^@]{0,60} at (?:virtual )?address/,
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
    hints: ['Unhandled fault', 'Unhandled prefetch abort'],
    head: /^(Unhandled (?:fault|prefetch abort)): [^(]{1,80}\(0x(?:[0-9a-f]+\) at 0x)?/,
    from: 'fault',
    title: '{1} in {fn}',
    confirm: CONFIRMED,
  },
  {
    // arm64_serror_panic(), v4.16 and later; what went wrong happened somewhere before.
    family: 'arm64-serror',
    kind: 'panic',
    earnedBy: 'arm64-traps.log',
    hints: ['SError Interrupt on CPU'],
    head: /^SError Interrupt on CPU\d+, (?:code|ESR) 0x/,
    from: 'fault',
    title: 'kernel panic: Asynchronous SError Interrupt',
    confirm: CONFIRMED,
  },
  {
    // bad_mode() until v5.14, `on CPU` since v4.9; it prints the registers and then panics.
    family: 'arm64-bad-mode',
    kind: 'panic',
    earnedBy: 'arm64-traps.log',
    hints: ['Bad mode in'],
    head: /^Bad mode in [\w ]{1,40} handler detected(?: on CPU\d+)?, code 0x/,
    from: 'fault',
    title: 'kernel panic: bad mode',
    confirm: CONFIRMED,
  },
  {
    // __panic_unhandled(), arch/arm64/kernel/entry-common.c, v5.14 and later.
    family: 'arm64-unhandled-exception',
    kind: 'panic',
    earnedBy: 'arm64-traps.log',
    hints: ['Unhandled 64-bit el', 'Unhandled 32-bit el'],
    head: /^Unhandled (?:64|32)-bit el\d[a-z]? \w+ exception on CPU/,
    from: 'fault',
    title: 'kernel panic: Unhandled exception',
    confirm: CONFIRMED,
  },
  {
    // arch/arm/mm/alignment.c; `Unhandled fault: alignment exception` follows.
    family: 'arm-alignment',
    kind: 'page-fault',
    earnedBy: 'arch.log',
    hints: ['Alignment trap: not handling'],
    head: /^Alignment trap: not handling (?:\w+ )?instruction [0-9a-f]+ at \[<[0-9a-f]+>\]/,
    from: 'fault',
    title: 'Alignment trap in {fn}',
    confirm: /^Internal error/,
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
