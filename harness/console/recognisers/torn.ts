// SPDX-License-Identifier: MIT
import { WAITS } from '../generic/index.js';
import type { Recogniser } from '../recogniser.js';
import { beginningOf, dying, torn } from './torn-words.js';

/** Lines that are in no other stack dump than a crash's. */
const FAULT =
  /^\s*(?:Oops|#PF: |PGD |pgd = |Internal error|Mem abort|Data abort|\[[0-9a-f]{8,16}\] \*?pgd|BUG: KASAN|general protection|Code: |RIP: |pc : |PC is at|pc is at|NIP |epc |ERA|Krnl PSW|T?PC: |[\w./-]{1,40}\(\d+\): Oops|---\[ end)/;

/**
 * A head of which only the beginning arrived: another CPU, a program or a full serial buffer took
 * the rest of the line. It counts where the lines of such a report follow.
 */
export const TORN: readonly Recogniser[] = [
  {
    family: 'torn-page-fault',
    kind: 'page-fault',
    earnedBy: 'torn.log',
    hints: ['BUG: unable', 'BUG: Unable', 'Unable to handle'],
    head: torn(
      ['Unable to handle kernel pointer dereference in virtual kernel address space', 24],
      ['BUG: unable to handle page fault for address', 11],
      ['BUG: unable to handle kernel paging request at', 11],
      ['BUG: unable to handle kernel NULL pointer dereference', 23],
      ['BUG: Unable to handle kernel data access on read at', 11],
      ['Unable to handle kernel paging request at virtual address', 16],
      ['Unable to handle kernel access to user memory outside uaccess', 24],
    ),
    from: 'fault',
    title: 'BUG: unable to handle kernel paging request in {fn}',
    confirm: FAULT,
  },
  {
    family: 'torn-null-deref',
    kind: 'null-deref',
    earnedBy: 'torn.log',
    hints: ['BUG: kernel', 'BUG: Kernel NULL', 'handle kernel N'],
    head: torn(
      ['BUG: kernel NULL pointer dereference, address', 11],
      ['BUG: Kernel NULL pointer dereference on read', 16],
      ['Unable to handle kernel NULL pointer dereference at virtual address', 25],
    ),
    from: 'fault',
    title: 'BUG: unable to handle kernel NULL pointer dereference in {fn}',
    confirm: FAULT,
  },
  {
    family: 'torn-gpf',
    kind: 'gpf',
    earnedBy: 'torn.log',
    hints: ['general protection'],
    head: dying(
      '(?:Oops: )?general protection(?: f[a-z]*(?:, ?(?:p[a-z]*(?: f[a-z]*(?: n[a-z-]*(?: a[a-z]*)?)?)?)?)?)?',
    ),
    role: 'die',
    from: 'fault',
    title: 'general protection fault in {fn}',
    confirm: FAULT,
  },
  {
    family: 'torn-divide',
    kind: 'divide-error',
    earnedBy: 'lists.log',
    hints: ['divide error'],
    head: dying('(?:Oops: )?divide error'),
    role: 'die',
    from: 'fault',
    title: 'divide error in {fn}',
    confirm: FAULT,
  },
  {
    family: 'torn-trap',
    kind: 'exception',
    earnedBy: 'lists.log',
    hints: ['invalid opcode', 'stack segment', 'exception', 'specification '],
    head: dying(
      '(?:Oops: )?(?:(?<what>invalid opcode|stack segment)|(?<other>(?:addressing|specification|operand|protection) e?[xception]*))',
    ),
    role: 'die',
    from: 'fault',
    title: (r) => `${r.match.groups?.what ?? 'exception'} in {fn}`,
    confirm: FAULT,
  },
  {
    family: 'torn-internal-error',
    kind: 'oops',
    earnedBy: 'lists.log',
    hints: ['Internal error:'],
    head: /^Internal error:(?: [^[]{0,80}(?:\[(?:#\d*)?)?)?$/,
    role: 'die',
    from: 'fault',
    title: 'Internal error in {fn}',
    confirm: /^\s*(?:pc : |PC is at)/,
  },
  {
    family: 'torn-kasan',
    kind: 'kasan',
    earnedBy: 'torn.log',
    hints: ['BUG: KASAN'],
    head: /^BUG: KASAN: ?(?:[a-z][a-z-]*(?: (?:i|in|o|on)?)?)?\s*$/,
    from: 'order',
    title: 'KASAN: torn report in {fn}',
    confirm: /^(?:Read|Write) of size \d|^CPU: \d+ .*PID: \d+ .*Comm:/,
  },
  {
    family: 'torn-bug-on',
    kind: 'bug-on',
    earnedBy: 'torn.log',
    hints: ['kernel BUG'],
    head: /^kernel BUG(?: at?)?\s*$/,
    from: 'fault',
    title: 'kernel BUG in {fn}',
    confirm: /^(?:Oops: )?invalid opcode: |^Internal error: Oops - BUG|^RIP: |^pc : /,
  },
  {
    family: 'torn-warning',
    kind: 'warning',
    earnedBy: 'torn.log',
    hints: ['WARNING: CPU', 'WARNING: '],
    head: /^WARNING: (?:CPU: \d+(?: P(?:ID?:?)?(?: \d*(?: at?)?)?)?|[\w./-]{3,200}\.[chS]:\d+ at(?: [\w.]{1,200}(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?)?)\s*$/,
    from: 'order',
    title: 'WARNING in {fn}',
    confirm: /^CPU: \d+ .*PID: \d+ .*Comm:|^Modules linked in:|^---\[ end/,
  },
  {
    // A task's name may hold any byte, a newline too (prctl(2), PR_SET_NAME).
    family: 'torn-hung-task',
    kind: 'hung-task',
    earnedBy: 'torn.log',
    hints: ['INFO: task '],
    head: new RegExp(
      `^INFO: task (?:(?!hung in |.{0,60}:\\d+ ).{0,40}|.{1,60}:\\d+ ${beginningOf('blocked for more than', 0)}(?: \\d*(?: [second]*)?)?)$`,
    ),
    from: 'trace',
    skip: WAITS,
    title: 'INFO: task hung in {fn}',
    confirm:
      /^(?:.{0,40}:\d+ )?blocked for more than \d+ seconds|^.{0,40}:\d+ blocked for more|^"echo 0 > \/proc\/sys\/kernel\/hung_task_timeout_secs"/,
  },
  {
    family: 'torn-rcu-stall',
    kind: 'rcu-stall',
    earnedBy: 'torn.log',
    hints: ['INFO: rcu'],
    head: /^(?:rcu: )?INFO: rcu_?\w{0,30}(?: (?:self-?)?d?[a-z]*(?: [a-zA-Z/]*){0,3})?\s*$/,
    from: 'interrupted',
    crossCpu: true,
    title: 'INFO: rcu detected stall in {fn}',
    confirm:
      /^\s*(?:rcu: )?\s*(?:\d+-[.!O]{2,4}|\(t=\d+ jiffies|\(detected by \d+, t=|Tasks blocked on)/,
  },
  {
    family: 'torn-soft-lockup',
    kind: 'soft-lockup',
    earnedBy: 'torn.log',
    hints: ['BUG: sof'],
    head: new RegExp(
      `^(?:(?:NMI )?watchdog: )?BUG: ${beginningOf('soft lockup - CPU#', 3)}(?:\\d+(?: ${beginningOf('stuck for ', 0)}(?:\\d+s?)?)?)?\\s*$`,
    ),
    from: 'interrupted',
    crossCpu: true,
    title: 'BUG: soft lockup in {fn}',
    confirm: /^(?:CPU: \d+ .*PID: \d+ .*Comm:|RIP: |pc : |Modules linked in:)/,
  },
];
