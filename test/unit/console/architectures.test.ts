// SPDX-License-Identifier: MIT
import { describe, expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';

/** How an architecture tells a fault and a BUG(): arch/ARCH/mm/fault.c and kernel/traps.c, v4.4 to v6.12. */
interface Told {
  readonly head: string;
  readonly kind: string;
  /** What of the head is left when another CPU takes the rest of the line. */
  readonly torn?: string;
  /** What is printed below the head; `FN` is the function at the counter. */
  readonly report: readonly string[];
  readonly bug?: readonly string[];
}
const AT = 'kernel BUG at mm/demo.c:272!';
const HEAD = 'Unable to handle kernel paging request at virtual address';
const NOTHING = 'Unable to handle kernel NULL pointer dereference at virtual address';
const ARCHITECTURES: Readonly<Record<string, Told>> = {
  x86: {
    head: 'BUG: unable to handle page fault for address: ffff888000000000',
    kind: 'page-fault',
    torn: 'BUG: unable to handle page fau',
    report: ['#PF: supervisor read access in kernel mode', 'Oops: 0000 [#1] SMP', 'RIP: 0010:FN'],
    bug: [AT, 'invalid opcode: 0000 [#1] SMP', 'RIP: 0010:FN'],
  },
  arm64: {
    head: `${HEAD} ffff80000a123000`,
    kind: 'page-fault',
    torn: 'Unable to handle kernel pag',
    report: ['Mem abort info:', 'Internal error: Oops: 0000000096000007 [#1] SMP', 'pc : FN'],
    bug: [AT, 'Internal error: Oops - BUG: 00000000f2000800 [#1] SMP', 'pc : FN'],
  },
  arm: {
    head: `${NOTHING} 00000004`,
    kind: 'null-deref',
    torn: 'Unable to handle kernel NULL pointer deref',
    report: ['pgd = c0004000', 'Internal error: Oops: 805 [#1] SMP ARM', 'PC is at FN'],
    bug: [AT, 'Internal error: Oops - BUG: 0 [#1] SMP ARM', 'PC is at FN'],
  },
  riscv: {
    head: `${HEAD} ffffffd000000000`,
    kind: 'page-fault',
    torn: 'Unable to handle kernel paging req',
    report: ['Oops [#1]', 'epc : FN', ' ra : demo_caller+0x12/0x34'],
    bug: [AT, 'Kernel BUG [#1]', 'epc : FN'],
  },
  powerpc: {
    head: 'BUG: Unable to handle kernel data access on read at 0xc00c000000001234',
    kind: 'page-fault',
    torn: 'BUG: Unable to handle kernel data',
    report: [
      'Faulting instruction address: 0xc000000000123456',
      'Oops: Kernel access of bad area, sig: 11 [#1]',
      'NIP [c000000000123456] FN',
    ],
    bug: [AT, 'Oops: Exception in kernel mode, sig: 5 [#1]', 'NIP [c000000000123456] FN'],
  },
  s390: {
    head: 'Unable to handle kernel pointer dereference in virtual kernel address space',
    kind: 'page-fault',
    torn: 'Unable to handle kernel pointer deref',
    report: [
      'Failing address: 0000000000000000 TEID: 0000000000000483',
      'Oops: 0004 ilc:2 [#1] SMP',
      'Krnl PSW : 0704c00180000000 00000001a2b3c4d6 (FN)',
    ],
    bug: [
      AT,
      'monitor event: 0040 ilc:2 [#1] SMP',
      'Krnl PSW : 0704c00180000000 00000001a2b3c4d6 (FN)',
    ],
  },
  mips: {
    head: `CPU 0 ${HEAD} 00000004, epc == 80123456, ra == 80123450`,
    kind: 'page-fault',
    torn: `CPU 0 ${HEAD}`,
    report: ['Oops[#1]:', 'epc   : 80123456 FN', 'ra    : 80123450 demo_caller+0x18/0x80'],
    bug: ['Kernel bug detected[#1]:', 'epc   : 80123456 FN'],
  },
  loongarch: {
    head: `CPU 1 ${HEAD} 0000000000000008, era == 9000000002345678, ra == 9000000002345670`,
    kind: 'page-fault',
    torn: `CPU 1 ${HEAD}`,
    report: ['Oops[#1]:', '   ERA: 9000000002345678 FN'],
    bug: ['Kernel bug detected[#1]:', '   ERA: 9000000002345678 FN'],
  },
  parisc: {
    head: 'Kernel Fault: Code=15 (Data TLB miss fault) at addr 0000000000000008',
    kind: 'page-fault',
    report: [
      '     YZrvWESTHLNXBCVMcbcbcbcbOGFRQPDI',
      'PSW: 00001000000001101111111100001111 Not tainted',
      ' IAOQ[0]: FN',
    ],
  },
  sparc: {
    head: `${NOTHING} 0000000000000000`.replace(' at virtual address 0000000000000000', ''),
    kind: 'null-deref',
    report: ['tsk->{mm,active_mm}->context = 0000000000000001', 'sh(12): Oops [#1]', 'TPC: <FN>'],
  },
  m68k: {
    head: `${NOTHING} 00000004`,
    kind: 'null-deref',
    report: ['Oops: 00000000', 'Modules linked in:', 'PC: [<0024a0c2>] FN'],
  },
  alpha: {
    head: `${HEAD} 0000000000000008`,
    kind: 'page-fault',
    report: ['CPU 0 ', 'sh(12): Oops 0', 'pc is at FN'],
  },
};

const FN = 'demo_fn+0x10/0x20';
const at = (lines: readonly string[], fn = FN): string[] => lines.map((l) => l.replace('FN', fn));
const stamped = (lines: readonly string[]): string[] =>
  lines.map((l, i) => `[    6.00000${i}] ${l}`);
const boot = stamped(['demo: one', 'demo: two', 'demo: three', 'demo: four', 'demo: five']);
const END = '---[ end trace 0000000000000000 ]---';
const seen = (lines: readonly string[]): [number, string, string][] =>
  scanConsole(`${lines.join('\n')}\n`).map((f) => [f.line, f.kind, f.function]);
const each = Object.entries(ARCHITECTURES);

describe.each(each)('%s', (_, { head, kind, report }) => {
  const below = stamped([...at(report), END]);

  test('a fault is found, once, with the function at the counter', () => {
    expect(seen([...boot, ...stamped([head]), ...below])).toEqual([[6, kind, 'demo_fn']]);
  });
  test('without stamps', () => {
    expect(seen([head, ...at(report), END])).toEqual([[1, kind, 'demo_fn']]);
  });
  test('a head without a stamp belongs to the stamped report below it', () => {
    expect(seen([...boot, head, ...below])).toEqual([[6, kind, 'demo_fn']]);
  });
  test('a head that is stuck to the message before it', () => {
    const glued = stamped([`demo: link becomes ready${head}`]);
    expect(seen([...boot, ...glued, ...below])).toEqual([[6, kind, 'demo_fn']]);
  });
  test('every line printed twice', () => {
    const twice = [...stamped([head]), ...below].flatMap((l) => [l, l]);
    expect(seen([...boot, ...twice])).toEqual([[6, kind, 'demo_fn']]);
  });
});

const tearing = each.flatMap(([name, { torn, report }]) =>
  torn === undefined ? [] : [[name, torn, report] as const],
);
test.each(tearing)(
  '%s: a head that is torn after a few words is found where it begins',
  (_, torn, report) => {
    const found = seen([...boot, ...stamped([torn]), ...stamped([...at(report), END])]);
    expect(found.map(([line, , fn]) => [line, fn])).toEqual([[6, 'demo_fn']]);
  },
);

const bugs = each.flatMap(([name, { bug }]) => (bug === undefined ? [] : [[name, bug] as const]));
test.each(bugs)('%s: BUG() in a helper names the counter when nobody else is left', (_, bug) => {
  const lines = stamped([...at(bug, 'prep_new_page+0x9/0x10'), END]);
  expect(seen([...boot, ...lines])).toEqual([[6, 'bug-on', 'prep_new_page']]);
});
test.each(bugs)('%s: BUG() in a helper names its caller', (_, bug) => {
  const lines = stamped([
    ...at(bug, 'prep_new_page+0x9/0x10'),
    'Call Trace:',
    ' demo_caller+0x1/0x2',
    END,
  ]);
  expect(seen([...boot, ...lines])).toEqual([[6, 'bug-on', 'demo_caller']]);
});
