// SPDX-License-Identifier: MIT
import { BtfError } from '../../btf/kinds.js';
import { ElfError } from '../../elf/error.js';
import { contentOf, ET, readElf, symbolsOf } from '../../elf/object.js';
import { absolute64 } from '../../elf/relocations.js';
import { SHN_UNDEF, type Symbols } from '../../elf/symbols.js';
import type { StaticSign } from '../../model/audit.js';
import { importSigns } from './imports.js';
import type { KernelTypes } from './layout.js';
import { methodSigns } from './module-methods.js';

/** What a module's file says, or why it says nothing. */
export type ModuleReading =
  | { readonly is: 'module'; readonly name: string | null; readonly signs: readonly StaticSign[] }
  /** The sentence goes on after the file's name. */
  | { readonly is: 'unreadable'; readonly why: string };

/** The kernel whose modules are read. */
export interface AuditedKernel {
  /** `uname -r`, which the modules' vermagic begins with; null where nobody knows it. */
  readonly release: string | null;
  /** e_machine of its architecture. */
  readonly machine: number;
  /** Null without type data: then everything that is said is a `hint`. */
  readonly types: KernelTypes | null;
}

/** Reads one uncompressed module. What is wrong with the file is a value: the others go on. */
export function readModule(bytes: Buffer, kernel: AuditedKernel): ModuleReading {
  try {
    const elf = readElf(bytes);
    if (elf.type !== ET.relocatable) return unreadable('is an ELF file, but no object file');
    if (elf.machine !== kernel.machine || absolute64(elf.machine) === null) {
      return unreadable(`is for e_machine ${elf.machine}, the kernel’s is ${kernel.machine}`);
    }
    const info = modinfo(contentOf(elf, '.modinfo'));
    const vermagic = info.get('vermagic');
    if (vermagic === undefined) return unreadable('is an object file without vermagic: no module');
    const [release = ''] = vermagic.split(' ');
    if (kernel.release !== null && release !== kernel.release) {
      return unreadable(`is a module of ${release}, not of ${kernel.release}`);
    }
    const symbols = symbolsOf(elf);
    const { imports, own } = namesOf(symbols);
    return {
      is: 'module',
      name: info.get('name') ?? null,
      signs: staysForEver(own)
        ? []
        : [...methodSigns(elf, symbols, kernel.types), ...importSigns(imports)],
    };
  } catch (error) {
    if (error instanceof ElfError) return unreadable(error.message);
    if (error instanceof BtfError) return unreadable(`has type data that ${error.message}`);
    if (error instanceof RangeError) return unreadable(`is damaged: ${error.message}`);
    throw error;
  }
}

const unreadable = (why: string): ModuleReading => ({ is: 'unreadable', why });

/**
 * A module that has an init function and no exit function is never unloaded (kernel/module/main.c,
 * SYSCALL_DEFINE2(delete_module), linux 6.12: -EBUSY, but for a forced unload).
 */
const staysForEver = (own: ReadonlySet<string>): boolean =>
  own.has('init_module') && !own.has('cleanup_module');

/** Names of the symbols that somebody else has to define, and of those of its own that others see. */
function namesOf(symbols: Symbols): {
  readonly imports: ReadonlySet<string>;
  readonly own: ReadonlySet<string>;
} {
  const imports = new Set<string>();
  const own = new Set<string>();
  for (let index = 1; index < symbols.count; index++) {
    if (symbols.isLocal(index)) continue;
    const names = symbols.section(index) === SHN_UNDEF ? imports : own;
    names.add(symbols.name(index));
  }
  return { imports, own };
}

/** The `key=value` strings of .modinfo, the first of each key (include/linux/moduleparam.h). */
function modinfo(content: Buffer | null): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of (content ?? Buffer.alloc(0)).toString('latin1').split('\0')) {
    const at = line.indexOf('=');
    const key = line.slice(0, at);
    if (at > 0 && !found.has(key)) found.set(key, line.slice(at + 1));
  }
  return found;
}
