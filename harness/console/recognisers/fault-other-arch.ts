// SPDX-License-Identifier: GPL-2.0-only
import type { Recogniser } from '../recogniser.js';

/**
 * Faults of riscv (arch/riscv/kernel/traps.c), s390 (arch/s390/mm/fault.c, kernel/dumpstack.c),
 * powerpc (arch/powerpc/mm/fault.c, kernel/traps.c), mips and loongarch (mm/fault.c, traps.c),
 * v4.4 to v6.12.
 */
export const FAULT_OTHER_ARCH: readonly Recogniser[] = [
  {
    family: 'mips-page-fault',
    kind: 'page-fault',
    earnedBy: 'arch.log',
    hints: ['Unable to handle'],
    head: /^CPU \d+ Unable to handle kernel paging request at virtual address [0-9a-f]+, (?:epc|era) ==/,
    from: 'fault',
    title: 'BUG: unable to handle kernel paging request in {fn}',
  },
  {
    family: 's390-page-fault',
    kind: 'page-fault',
    earnedBy: 'arch.log',
    hints: ['Unable to handle'],
    head: /^Unable to handle kernel pointer dereference (?:in virtual kernel|at virtual kernel|in )/,
    from: 'fault',
    title: 'BUG: unable to handle kernel paging request in {fn}',
  },
  {
    family: 'powerpc-page-fault',
    kind: 'page-fault',
    earnedBy: 'arch.log',
    hints: [
      'BUG: Unable to handle kernel',
      'Unable to handle kernel paging request for',
      'Kernel attempted to',
    ],
    head: /^(?:BUG: Unable to handle kernel (?:data access|instruction fetch|unaligned access|paging request)|Unable to handle kernel paging request for (?:data|instruction fetch|unaligned access|unknown fault)|Kernel attempted to (?:read|write|access|execute) (?:user|exec-protected|non-executable|kernel)? ?page \()/,
    from: 'fault',
    title: 'BUG: unable to handle kernel paging request in {fn}',
  },
  {
    family: 'powerpc-null-deref',
    kind: 'null-deref',
    earnedBy: 'arch.log',
    hints: ['BUG: Kernel NULL pointer dereference'],
    head: /^BUG: Kernel NULL pointer dereference (?:on (?:read|write)|at)/,
    from: 'fault',
    title: 'BUG: unable to handle kernel NULL pointer dereference in {fn}',
  },
  {
    family: 's390-program-check',
    kind: 'exception',
    earnedBy: 'arch.log',
    hints: [' ilc:'],
    head: /^([a-z][a-z -]{3,40}): [0-9a-f]{4} ilc:\d \[#\d+\]/i,
    role: 'die',
    from: 'fault',
    title: '{1} in {fn}',
  },
  {
    family: 'die-bracket',
    kind: 'oops',
    earnedBy: 'arch.log; syz/linux/607',
    hints: ['[#'],
    head: /^(Oops|Oops - [\w .()-]{1,60}|Kernel bug detected|Kernel BUG|Unhandled kernel unaligned access|Reserved instruction in kernel code|Kernel ade access|Kernel ale access|Kernel bce check|Kernel unaligned instruction access|do_cpu invoked from kernel context!|FPU emulator|Watchpoint|Kernel Fault|Unaligned access) ?\[#\d+\]:?/,
    role: 'die',
    from: 'fault',
    title: (r) => (/bug/i.test(r.match[1] ?? '') ? 'kernel BUG in {fn}' : '{1} in {fn}'),
  },
  {
    family: 'die-colon',
    kind: 'oops',
    earnedBy: 'arch.log',
    hints: ['Oops: '],
    head: /^Oops: (?:[0-9a-f]{4,16} \[#\d+\]|[0-9a-f]{4,8} ilc:|Kernel access of bad area, sig|Exception in kernel mode, sig|Machine check, sig|Bad kernel stack pointer, sig|Unrecoverable|Weird page fault|Bad interrupt|[\w ,()-]{3,60}: \d{1,4} \[#\d+\]|[\w ,()-]{3,60} \[#\d+\])/,
    role: 'die',
    from: 'fault',
    title: 'Oops in {fn}',
  },
  {
    family: 'kernel-stack-overflow',
    kind: 'stack-overflow',
    earnedBy: 'arch.log; arch.log',
    hints: ['ernel stack overflow', 'Thread overran stack', 'overflown the kernel stack'],
    head: /^(?:BUG: )?(?:[Kk]ernel stack overflow(?: in process| detected|\.|!|$)|Thread overran stack, or stack corrupted|do_IRQ: .{1,60} has overflown the kernel stack)/,
    from: 'overflow',
    title: 'kernel stack overflow in {fn}',
  },
];
