// SPDX-License-Identifier: GPL-2.0-only
import type { CallFrame, Finding } from '../../model/finding.js';
import { sourceName } from '../../console/frame.js';
import { accessedIn } from '../../console/shadow.js';
import { addressOf, type ModuleText, moduleAt, nameAddress } from '../../console/symbols.js';

/** What was recorded of the modules before one of them was unloaded. */
export interface CauseContext {
  readonly modules: readonly ModuleText[];
}

const DM_MODULE = 'dm_mod';
const RELEASE = 'dm_kobject_release';
/** Stands in a title for a function that the damage hides, as in syzkaller's titles. */
export const CORRUPTED = 'corrupted';

/**
 * Says what a crash means for the race: which of the two bugs of the unload window it is, if
 * either, and names a crash address that lies in a module that is gone.
 *
 * - `release-in-unloaded-text`: the CPU fetched an instruction of the unloaded dm_mod, inside
 *   dm_kobject_release(). A page fault at its own program counter when the pages were unmapped; an
 *   int3 where they stay mapped and are filled with it: on x86-64 since v6.15 with
 *   STRICT_MODULE_RWX (arch/x86/Kconfig selects ARCH_HAS_EXECMEM_ROX, commit 64f6a4e10c05), where
 *   __execmem_cache_free() in mm/execmem.c keeps the pages and calls execmem_fill_trapping_insns()
 *   of arch/x86/mm/init.c (read in 7.2.13 and 7.3-rc7; v6.12 has no such cache). Only a whole free
 *   huge page goes back to vmalloc (execmem_cache_clean()), and then it is a page fault again.
 * - `disk-release-fops`: disk_release() (block/genhd.c, v5.18) read `disk->fops` of the unloaded
 *   dm_mod, when the last reference to the disk was dropped. With KASAN its report, or the fault of
 *   its check at a shadow byte that is gone too.
 */
export function attributeCause(finding: Finding, context: CauseContext | undefined): Finding {
  const modules = context?.modules ?? [];
  const pc = instructionOf(finding);
  const resolved = pc === undefined ? undefined : resolveGone(pc, modules);
  const fault = toAddress(finding.faultAddress);
  const gone = modules.filter((module) => module.unloaded);
  const accessed = fault === undefined || fault === pc ? undefined : accessedIn(gone, fault);
  const resolvedFault = accessed === undefined ? undefined : resolveGone(accessed, gone);
  const named = {
    ...finding,
    ...(resolved === undefined ? {} : { resolved }),
    ...(resolvedFault === undefined ? {} : { resolvedFault }),
  };
  if (isRelease(finding, pc, modules))
    return { ...blame(named), cause: 'release-in-unloaded-text' };
  if (isDiskRelease(finding, modules)) return { ...named, cause: 'disk-release-fops' };
  return named;
}

/**
 * The console could only blame a caller, or nobody (then it says {@link CORRUPTED}); the
 * recorded symbols know the function itself.
 */
function blame(finding: Finding): Finding {
  const suffix = ` in ${finding.function === '' ? CORRUPTED : finding.function}`;
  const title = finding.title.endsWith(suffix)
    ? finding.title.slice(0, -suffix.length)
    : finding.title;
  return {
    ...finding,
    title: finding.title.endsWith(RELEASE) ? finding.title : `${title} in ${RELEASE}`,
    function: RELEASE,
    module: DM_MODULE,
  };
}

function resolveGone(address: bigint, modules: readonly ModuleText[]): string | undefined {
  const module = moduleAt(modules, address);
  if (module === undefined) return undefined;
  const name =
    nameAddress(module.symbols, address) ?? `0x${(address - addressOf(module.start)).toString(16)}`;
  return `${name} [${module.unloaded ? 'unloaded ' : ''}${module.module}]`;
}

function isRelease(
  finding: Finding,
  pc: bigint | undefined,
  modules: readonly ModuleText[],
): boolean {
  if (pc === undefined) return false;
  const module = moduleAt(modules, pc);
  if (module === undefined || !module.unloaded || module.module !== DM_MODULE) return false;
  if (!isFetch(finding, pc)) return false;
  return functionAt(module, pc) === RELEASE;
}

/**
 * The address of the instruction that crashed. An int3 of x86 is a trap: the counter that is printed
 * is one byte on (Intel SDM, volume 3, 7.5; exc_int3() in arch/x86/kernel/traps.c hands it on as it
 * is), which after the last byte of a function is in the next one.
 */
function instructionOf(finding: Finding): bigint | undefined {
  const pc = toAddress(finding.address);
  return pc !== undefined && finding.family === 'x86-trap' && /\bint3\b/.test(finding.head)
    ? pc - 1n
    : pc;
}

/** The function an address is in. */
function functionAt(module: ModuleText, address: bigint): string | undefined {
  return nameAddress(module.symbols, address)?.replace(/\+0x[0-9a-f]+$/, '');
}

function isFetch(finding: Finding, pc: bigint): boolean {
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

const FAULTS: ReadonlySet<Finding['kind']> = new Set([
  'page-fault',
  'null-deref',
  'gpf',
  'kasan',
  'oops',
]);

function isDiskRelease(finding: Finding, modules: readonly ModuleText[]): boolean {
  if (!FAULTS.has(finding.kind) || finding.instructionFetch === true) return false;
  const symbol = (finding.pc ?? '').replace(/\+0x.*/, '');
  if (sourceName(symbol) !== 'disk_release') return false;
  if (!finding.frames.some(dropsReference) && finding.frames.length > 0) return false;
  const fault = toAddress(finding.faultAddress);
  const gone = modules.filter((m) => m.module === DM_MODULE && m.unloaded);
  if (gone.length === 0 || fault === undefined || finding.kind === 'gpf') return true;
  return accessedIn(gone, fault) !== undefined;
}

/** The reference is dropped with the kobject's, straight or by DEBUG_KOBJECT_RELEASE's work. */
function dropsReference(frame: CallFrame): boolean {
  return /^(?:kobject_(?:put|cleanup|release|delayed_cleanup)|put_device|device_release)$/.test(
    sourceName(frame.symbol ?? ''),
  );
}

function toAddress(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
