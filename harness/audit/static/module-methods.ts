// SPDX-License-Identifier: MIT
import { Btf } from '../../btf/btf.js';
import { sameType } from '../../btf/compare.js';
import { type Prototypes, prototypesOf } from '../../btf/functions.js';
import { BtfError } from '../../btf/kinds.js';
import { contentOf, type ElfObject } from '../../elf/object.js';
import type { Symbols } from '../../elf/symbols.js';
import type { StaticSign } from '../../model/audit.js';
import type { KernelTypes } from './layout.js';
import { METHODS, memberName, type ReleaseMethod } from './methods.js';
import { type Pointer, pointersIn } from './pointers.js';

/**
 * The release methods of a module that lie in its own text. Sure (`listed`) where the variable is as
 * large as the struct, a function's address is stored at the member's offset, and the function's
 * prototype in the module's type data is the member's. Where the module has no type data, or not of
 * that function, the names have to agree instead: a `hint`. Where the kernel has none, sizes and
 * offsets are not known either and names are all there is.
 */
export function methodSigns(
  elf: ElfObject,
  symbols: Symbols,
  kernel: KernelTypes | null,
): StaticSign[] {
  if (kernel === null) return byNames(elf, symbols);
  const pointers = pointersIn(elf, symbols, (size) => kernel.bySize.has(size));
  if (pointers.length === 0) return [];
  const types = moduleTypes(elf, kernel);
  return pointers.flatMap((pointer) => {
    const candidates = (kernel.bySize.get(pointer.size) ?? []).filter(
      ({ offset }) => offset === pointer.offset,
    );
    const own = types?.prototypes(pointer.target) ?? [];
    if (!types || own.length === 0) {
      const named = candidates.find(({ method }) => soCalled(method, pointer));
      return named ? [sign(named.method, pointer, 'hint')] : [];
    }
    const sure = candidates.find(({ prototype }) =>
      own.some((id) => sameType(types.btf, id, kernel.btf, prototype)),
    );
    return sure ? [sign(sure.method, pointer, 'listed')] : [];
  });
}

/** What the variables of {@link METHODS} are called: most variables of a module are not. */
const MAYBE = /type|class|ops/;

const soCalled = ({ called }: ReleaseMethod, { variable, target }: Pointer): boolean => {
  if (called === null) return false;
  return called.variable.test(variable) && called.method.test(target);
};

function byNames(elf: ElfObject, symbols: Symbols): StaticSign[] {
  const pointers = pointersIn(elf, symbols, (_, name) => MAYBE.test(name()));
  return pointers.flatMap((pointer) => {
    const method = METHODS.find((one) => soCalled(one, pointer));
    return method ? [sign(method, pointer, 'hint')] : [];
  });
}

const sign = (
  method: ReleaseMethod,
  { variable, target }: Pointer,
  word: 'listed' | 'hint',
): StaticSign => ({ is: 'method', word, member: memberName(method), variable, method: target });

interface ModuleTypes {
  readonly btf: Btf;
  readonly prototypes: Prototypes;
}

/**
 * A module's type data; null where it has none that can be read. What it shares with the kernel's is
 * left out of it, functions too (btf_dedup() of tools/lib/bpf/btf.c, v6.12). `.BTF.base`, where a
 * module has it, is what its data is split from instead (scripts/Makefile.modfinal, v6.12).
 */
function moduleTypes(elf: ElfObject, kernel: KernelTypes): ModuleTypes | null {
  const data = contentOf(elf, '.BTF');
  if (data === null) return null;
  try {
    const distilled = contentOf(elf, '.BTF.base');
    if (distilled !== null) {
      const btf = new Btf(data, new Btf(distilled));
      return { btf, prototypes: prototypesOf(btf) };
    }
    const btf = new Btf(data, kernel.btf);
    const own = prototypesOf(btf);
    return { btf, prototypes: (name) => [...own(name), ...kernel.prototypes(name)] };
  } catch (error) {
    if (error instanceof BtfError || error instanceof RangeError) return null;
    throw error;
  }
}
