// SPDX-License-Identifier: MIT
// What a single line is to a report.
import { opening } from './opening.js';

/** Lines that only a report holds; they keep it open. Formats of v3.10 to v6.19. */
export const belongs = opening(
  /Call [Tt]race:|Backtrace:|stack backtrace:|Stack:|Code:|Code : |Modules linked in:|CPU: \d|CPU \d+ |Hardware name:|Workqueue:|R[A-Z0-9]{1,2} ?: |RSP|EAX|ESI|DS:|CS:|FS:|CR2|DR0|DR3|PKRU|EFLAGS|Tainted:|<\/?[A-Z#]+>|x\d+ ?: |[rgs]\d+ ?: |sp : |pstate|\[[0-9a-f]{8,16}\] (?:pgd|\*pgd)|pgd = |PGD |#PF: |Mem abort info|Data abort info|Internal error|Process |task: |Stack: \(|Memory state|Allocated by|Freed by|The buggy|(?:Read|Write) (?:of size|at addr)|which (?:belongs|lock)|==+$|--+$|---\[|(?:other|but |the |and |to |-> #|stack |\d+ locks? held|no locks held|#\d+: )|Showing all|task:|Sending NMI|NMI backtrace|irq event stamp|hardirqs? last|softirqs? last|Kernel panic|Kernel Offset|Rebooting in|Preemption disabled at|in_atomic|>[0-9a-f]{16}: |[0-9a-f](?<= .)[0-9a-f]{15}: |Uninit was|Local variable|raw: |page:|flags: |value changed|Reported by|read to|write to|KASAN: /,
);

/** What only a kernel prints below a head; quoting one head alone does not. */
export const kernelSays = opening(
  /Call [Tt]race:|Backtrace:|stack backtrace:|CPU: \d+ (?:UID|PID)|CPU \d+ |Modules linked in:|Hardware name:|Code: |PGD |pgd = |\[[0-9a-f]{8,16}\] \*?pgd|#PF: |Oops|Internal error|Mem abort info|task: ?\S|Not tainted|Tainted: |[\w.+-]{3,80} (?:#\d+ )?(?:Not tainted|Tainted)|unreferenced object|---\[ end|Kernel Offset|Rebooting in|(?:Read|Write) (?:of size|at addr)|page:|flags: 0x|read to 0x|write to 0x|\(t=\d+|\d+-\.{3}/,
);

/** What follows the head of a crash, but not that of a stack dump somebody asked for. */
export const ONLY_FAULTS =
  /^(?:(?:Read|Write) (?:of size \d|at addr )|Oops|PGD |#PF: |Internal error|Mem abort info|Modules linked in|\[[0-9a-f]{8,16}\] \*?pgd|\s*YZrvWESTHL|Failing address|tsk->\{mm|[\w./-]{1,40}\(\d+\): Oops)/;

const dumps = opening(/FAULT_INJECTION: forcing a failure|sysrq: |SysRq : /);
const FAILED = ': page allocation failure';
const DUMPED = /^[\w.:/-]{1,32}: page allocation failure/;
/** A second stack dump that is no crash; its frames are not the report's. */
export const foreignDump = (text: string): boolean =>
  dumps(text) || (text.includes(FAILED) && DUMPED.test(text));

/** What a call trace begins with. */
export const startsTrace = opening(
  /Call [Tt]race:|Backtrace:|stack backtrace:|backtrace(?: \(\w+ \w+\))?:|Stack traceback/,
);
/** The frame of a failure that was asked for: lib/fault-inject.c. */
export const INJECTED = /^ _*should_fail[\w.]*\+0x/;
/** Whose lines they are. */
export const PID = /^\s*(?:CPU: \d+ (?:UID: \d+ )?PID: (\d+) |CPU: \d+ PID: (\d+)\b)/;
/** dump_stack_print_info(), lib/dump_stack.c; `UID:` since v6.12. */
export const IDENTITY =
  /^\s*CPU: (\d+)(?: UID: \d+)? PID: (\d+) Comm: (.{1,40}?) (?:(Not tainted)|Tainted: ([A-Z ]{1,40}?)(?= {1,12}[^A-Z ]| {1,12}\S*\d|$))/;
/** What ends a report. */
export const END = /^---\[ end (?:trace|Kernel panic)/;
