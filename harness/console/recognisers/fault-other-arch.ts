// SPDX-License-Identifier: MIT
import type { Recogniser } from '../recogniser.js';

/**
 * Faults of riscv (arch/riscv/kernel/traps.c), s390 (arch/s390/mm/fault.c, kernel/dumpstack.c),
 * powerpc (arch/powerpc/mm/fault.c, kernel/traps.c), mips and loongarch (mm/fault.c, traps.c),
 * parisc, v4.4 to v6.12.
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
    // do_trap_or_bp(), arch/mips/kernel/traps.c: BUG() is a trap with a code of its own. riscv's
    // handle_break() says so where no verbose BUG told the place before.
    family: 'mips-bug',
    kind: 'bug-on',
    earnedBy: 'mips.log; public.log',
    hints: ['Kernel bug detected', 'Kernel BUG [#'],
    head: /^Kernel (?:bug detected|BUG) ?\[#\d+\]:?/,
    role: 'die',
    from: 'fault',
    title: 'kernel BUG in {fn}',
  },
  {
    // do_be(), arch/mips/kernel/traps.c: a program's is told in the same words.
    family: 'mips-bus-error',
    kind: 'exception',
    earnedBy: 'mips.log',
    hints: ['bus error, epc'],
    head: /^(?:Data|Instruction) bus error, epc == [0-9a-f]+, ra == [0-9a-f]+/,
    from: 'fault',
    title: 'bus error in {fn}',
    confirm: /^(?:Oops|CPU *: ?\d+ PID)/,
  },
  {
    // parisc_terminate(), arch/parisc/kernel/traps.c, and do_page_fault().
    family: 'parisc-page-fault',
    kind: 'page-fault',
    earnedBy: 'public.log',
    hints: ['Kernel Fault: Code=', 'Bad Address (null pointer'],
    head: /^(?:Kernel Fault|Bad Address \(null pointer deref\?\)): Code=\d+ \(/,
    from: 'fault',
    title: 'BUG: unable to handle kernel paging request in {fn}',
    confirm: /^\s*(?:YZrvWESTHL|PSW: [01]|CPU *: ?\d+ )/,
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
      'BUG: Unable to handle unknown',
    ],
    head: /^(?:BUG: Unable to handle unknown paging fault|BUG: Unable to handle kernel (?:data access|instruction fetch|unaligned access|paging request)|Unable to handle kernel paging request for (?:data|instruction fetch|unaligned access|unknown fault))/,
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
    // The names of DO_ERROR_INFO and do_report_trap() in arch/s390/kernel/traps.c.
    head: /^((?:addressing|execute|operand|specification|data|(?:special|privileged) operation|fixpoint divide|HFP (?:overflow|underflow|significance|divide|square root)|transaction(?:al)? execution|transaction constraint|protection|vector processing|SIE intercept|monitor) exception|(?:privileged|illegal) operation|(?:monitor|space switch) event|(?:kernel|user) \w+ exception|stack overflow|Low-address protection): [0-9a-f]{4} ilc:\d \[#\d+\]/,
    role: 'die',
    from: 'fault',
    title: '{1} in {fn}',
  },
  {
    family: 'die-bracket',
    kind: 'oops',
    earnedBy: 'arch.log; syz/linux/607',
    hints: ['[#'],
    head: /^(Oops|Oops - [\w .()-]{1,60}|Unhandled kernel unaligned access|Break instruction in kernel code|Trap instruction in kernel code|Kernel mode FPU exception|Reserved instruction in kernel code|Kernel ade access|Kernel ale access|Kernel bce check|Kernel unaligned instruction access|do_cpu invoked from kernel context!|FPU emulator|Watchpoint|Kernel Fault|Unaligned access) ?\[#\d+\]:?/,
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
    // die_if_kernel(), arch/sparc/kernel/traps_64.c and arch/alpha/kernel/traps.c.
    family: 'die-task',
    kind: 'oops',
    earnedBy: 'lists.log',
    hints: [': Oops'],
    head: /^[\w./:-]{1,40}\(\d+\): Oops (?:\[#\d+\]|-?\d+\s*$)/,
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
