// SPDX-License-Identifier: MIT
import type { Layout } from '../evidence/layout.js';
import type { Arch } from '../model/arch/index.js';
import type { KeptDump } from '../model/dump.js';
import type { RawFinding } from '../model/finding.js';
import { addSymbolFile } from './gdb-script.js';

/** What debuggers are told of a dump. */
export interface DumpFacts {
  readonly arch: Arch;
  readonly dump: KeptDump;
  /** Where the module that is gone lay. */
  readonly layout: Layout;
  /** Its file, with what a debugger needs. */
  readonly object: string;
  /** Files of modules that are there and in the way of the stack. */
  readonly modules: readonly string[];
  /** The crash; null where the judge found none. */
  readonly finding: Pick<
    RawFinding,
    'address' | 'faultAddress' | 'resolved' | 'resolvedFault' | 'text'
  > | null;
}

/** The addresses of the crash that lay in the module that is gone, with their names. */
function gone({ finding }: DumpFacts): (readonly [address: string, name: string])[] {
  const { address, resolved, faultAddress, resolvedFault } = finding ?? {};
  const named = [
    [address, resolved],
    [faultAddress, resolvedFault],
  ] as const;
  const found = new Map<string, string>();
  for (const [at, name] of named) if (at !== undefined && name !== undefined) found.set(at, name);
  return [...found];
}

/**
 * Commands for `crash -i FILE`: the stack of the task that crashed, and the module that is gone with its
 * names. crash reads on from the terminal after them.
 */
export function crashCommands(facts: DumpFacts): string {
  const { arch, dump, object, layout, finding } = facts;
  const { task } = dump;
  const saved = task && finding ? arch.dump.saved?.(finding.text) : undefined;
  return [
    // Where it stands is told: crash 8.0.2 looks for it in a part of the exception stacks that is not there.
    ...(task ? [`bt -S ${task.sp} -I ${task.pc}`] : ['bt -e']),
    // Not every time does it find these in the stack itself.
    ...(saved === undefined ? [] : [`struct -x pt_regs.ip,sp,flags ${saved}`]),
    addSymbolFile(object, layout),
    ...gone(facts).map(([address]) => `gdb info symbol 0x${address}`),
    '',
  ].join('\n');
}

/** A script for `drgn -c VMCORE -s VMLINUX FILE`: the task that crashed, and its stack. */
export function drgnScript(facts: DumpFacts): string {
  const { arch, dump } = facts;
  const names = gone(facts).map(([address, name]) => `    0x${address}: ${JSON.stringify(name)},`);
  const pid = dump.task?.pid ?? null;
  return `# The task that crashed and its stack, through code that is gone: drgn -c vmcore -s VMLINUX drgn.py
from drgn import FaultError, Object, offsetof
from drgn.helpers.linux.pid import find_task

GONE = {
${names.join('\n')}
}
PID = ${pid ?? 'None'}
SP = ${dump.task ? `0x${dump.task.sp}` : 'None'}
MODULES = ${JSON.stringify(facts.modules)}


def function(address):
    try:
        return prog.symbol(address).name
    except LookupError:
        return None


for module in MODULES:
    try:
        prog.load_debug_info([module])
    except Exception as error:
        print(f'{module}: {error}')


${arch.dump.drgn.caller}


def exception():
    # Where the kernel saved the registers when it met the code that is gone.
    at = offsetof(prog.type('struct pt_regs'), '${arch.dump.drgn.pc}')
    for slot in range(SP, SP + 0x4000, 8):
        try:
            if prog.read_u64(slot) not in GONE:
                continue
        except FaultError:
            break
        regs = Object(prog, 'struct pt_regs *', value=slot - at)
        if ${arch.dump.drgn.kernel} and SP < regs.sp.value_() < SP + 0x4000:
            return regs


def show(trace, number=0, found=False):
    last = None
    for frame in trace:
        try:
            pc = frame.pc
        except LookupError:
            break
        print(f'#{number:<2} {pc:#x} {GONE.get(pc) or frame.name or function(pc) or "?"}')
        number += 1
        last = frame
        if pc in GONE:
            break
    regs = None
    if last is not None and last.pc in GONE:
        found = True
        regs = caller(last)
    elif not found:
        found = True
        regs = exception()
    if regs is not None:
        show(prog.stack_trace(regs), number, found)


if PID is None:
    print('the dump was taken at the end of the trial: the crashed task’s stack is gone')
else:
    task = find_task(prog, PID)
    print(f'{task.comm.string_().decode()} (pid {PID})')
    show(prog.stack_trace(task))
for address, name in GONE.items():
    print(f'{address:#x} was {name}')
`;
}
