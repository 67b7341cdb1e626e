// SPDX-License-Identifier: MIT
import type { RawFinding, Touched } from '../model/finding.js';
import { put } from './line.js';
import { accessedIn } from './shadow.js';
import { addressOf, type ModuleText, moduleAt, nameAddress } from './symbols.js';

/** What was recorded of the modules before one of them was unloaded. */
export interface ModuleContext {
  readonly modules: readonly ModuleText[];
  /**
   * `log`: the log itself showed them. Then not all of their memory is known, and an address that is
   * in none of them may still be one's. Without, they were recorded whole.
   */
  readonly told?: 'log';
}

/** A crash report before its addresses are looked up. */
export type Unresolved = Omit<RawFinding, 'touched' | 'resolved' | 'resolvedFault'>;

/**
 * Names the addresses of a crash that lie in a recorded module, and says what the crash did to one
 * that was gone. What that means is not asked here.
 */
export function resolveGone(finding: Unresolved, context: ModuleContext | undefined): RawFinding {
  const modules = context?.modules ?? [];
  if (modules.length === 0) return Object.assign(finding, { touched: UNKNOWN });
  const pc = instructionOf(finding);
  const fault = toAddress(finding.faultAddress);
  const gone = modules.filter((module) => module.unloaded);
  const accessed = fault === undefined || fault === pc ? undefined : accessedIn(gone, fault);
  const mine = context?.told === 'log' ? gone : modules;
  const resolved = pc === undefined ? undefined : named(pc, mine);
  const resolvedFault = accessed === undefined ? undefined : named(accessed, gone);
  const raw: { -readonly [K in keyof RawFinding]: RawFinding[K] } = {
    ...finding,
    touched: unlessPartial(touchedBy(finding, pc, fault, gone), context),
  };
  put(raw, 'resolved', resolved);
  put(raw, 'resolvedFault', resolvedFault);
  return raw;
}

const UNKNOWN = { is: 'unknown' } as const;

const unlessPartial = (touched: Touched, context: ModuleContext | undefined): Touched =>
  touched.is === 'elsewhere' && context?.told === 'log' ? { is: 'unknown' } : touched;

function touchedBy(
  finding: Unresolved,
  pc: bigint | undefined,
  fault: bigint | undefined,
  gone: readonly ModuleText[],
): Touched {
  const at = (address: bigint, how: 'fetch' | 'access'): Touched | undefined => {
    const module = moduleAt(gone, address);
    if (module === undefined) return undefined;
    return { is: 'gone', module: module.module, symbol: symbolAt(module, address), how };
  };
  const fetched = pc !== undefined && isFetch(finding, pc) ? at(pc, 'fetch') : undefined;
  if (fetched) return fetched;
  if (gone.length === 0 || fault === undefined) return { is: 'unknown' };
  const accessed = accessedIn(gone, fault);
  return (accessed === undefined ? undefined : at(accessed, 'access')) ?? { is: 'elsewhere' };
}

const symbolAt = (module: ModuleText, address: bigint): string =>
  nameAddress(module.symbols, address)?.replace(/\+0x[0-9a-f]+$/, '') ?? '';

function named(address: bigint, modules: readonly ModuleText[]): string | undefined {
  const module = moduleAt(modules, address);
  if (module === undefined) return undefined;
  const name =
    nameAddress(module.symbols, address) ?? `0x${(address - addressOf(module.start)).toString(16)}`;
  return `${name} [${module.unloaded ? 'unloaded ' : ''}${module.module}]`;
}

/**
 * The address of the instruction that crashed. An int3 of x86 is a trap: the counter that is printed
 * is one byte on (Intel SDM, volume 3, 7.5; exc_int3() in arch/x86/kernel/traps.c hands it on as it
 * is), which after the last byte of a function is in the next one.
 */
function instructionOf(finding: Unresolved): bigint | undefined {
  const pc = toAddress(finding.address);
  return pc !== undefined && finding.family === 'x86-trap' && /\bint3\b/.test(finding.head)
    ? pc - 1n
    : pc;
}

/**
 * Whether the crash was the fetch of the instruction at its own program counter: a page fault there
 * when the pages were unmapped; an int3 where they stay mapped and are filled with it, on x86-64 since
 * v6.15 with STRICT_MODULE_RWX (arch/x86/Kconfig selects ARCH_HAS_EXECMEM_ROX, commit 64f6a4e10c05),
 * where __execmem_cache_free() in mm/execmem.c keeps the pages and calls
 * execmem_fill_trapping_insns() of arch/x86/mm/init.c (read in 7.2.13 and 7.3-rc7; v6.12 has no such
 * cache). Only a whole free huge page goes back to vmalloc (execmem_cache_clean()), and then it is a
 * page fault again.
 */
function isFetch(finding: Unresolved, pc: bigint): boolean {
  if (
    finding.family === 'x86-trap' ||
    finding.family === 'arm-internal-error' ||
    finding.family === 'arm-unexpected-brk'
  ) {
    return /int3|invalid opcode|undef|BRK|instruction/i.test(finding.head);
  }
  if (finding.kind !== 'page-fault' && finding.kind !== 'null-deref') return false;
  const fault = toAddress(finding.faultAddress);
  return fault === pc || (fault === undefined && finding.instructionFetch === true);
}

function toAddress(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
