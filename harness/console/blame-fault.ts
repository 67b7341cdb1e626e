// SPDX-License-Identifier: MIT
import type { CallFrame } from '../model/finding.js';
import { traceOnly } from './blame-frames.js';
import type { ReportLine } from './recogniser.js';

/** The registers take no more lines than this. */
const REGISTERS = 24;

/**
 * `? rescuer_thread+0x510/0x510`: what lay on the stack is the address of the function behind it, such as
 * the one that a thread runs. The symbol is looked up a byte lower (sprint_backtrace(), kernel/kallsyms.c),
 * which is right for return addresses.
 */
export const isNextFunction = ({ offset, size }: CallFrame): boolean =>
  offset === size && size !== undefined;

/**
 * After a jump to nowhere the word on top of the stack is where it was made; the unwinder, which knows no
 * frame for nowhere, marks it with `?`.
 */
export function callerFirst([first, ...rest]: readonly ReportLine[]): ReportLine[] {
  if (first === undefined) return [];
  if (first.code?.is !== 'frame' || isNextFunction(first.code.frame)) return [first, ...rest];
  const { code } = first;
  return [{ ...first, code: { ...code, frame: { ...code.frame, reliable: true } } }, ...rest];
}

/** Whether a line tells the kernel's own program counter. */
export function isKernelPc(line: ReportLine): boolean {
  return line.code?.is === 'pc' && !line.code.user;
}

/**
 * The counter of the fault, the link register where that tells more than the trace, the trace. Not
 * the registers of the system call that it came from, which are `RIP:` too.
 */
export function faultOrder(lines: readonly ReportLine[]): ReportLine[] {
  const pc = lines.findIndex(isKernelPc);
  if (pc < 0) return traceOnly(lines);
  // Some architectures print the counter twice, bare among the registers and named below them
  // (arch/powerpc/kernel/process.c, arch/arm/kernel/process.c); and with line numbers put in, the
  // functions inlined at the fault are more lines of it.
  const trace = lines.findIndex((l, i) => i > pc && l.opens);
  const registers = lines.slice(Math.max(0, pc - 3), trace < 0 ? pc + REGISTERS : trace);
  const here = registers.filter((l) => isKernelPc(l) && l.code?.frame.symbol !== undefined);
  const rest = lines.slice(pc + 1).filter((l) => l.code?.is === 'frame' || l.code?.is === 'at');
  const link = registers.filter((l) => l.code?.is === 'lr');
  // A jump to nowhere was made by whoever is in the link register, and a helper that calls nobody
  // has no frame of its own: its caller is in no trace.
  return here.length > 0 ? [...here, ...link, ...rest] : [...link, ...callerFirst(rest)];
}
