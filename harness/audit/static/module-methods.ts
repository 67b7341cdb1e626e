// SPDX-License-Identifier: MIT
import { Btf } from '../../btf/btf.js';
import { sameType } from '../../btf/compare.js';
import { BtfError, KIND } from '../../btf/kinds.js';
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
  const types = moduleTypes(elf, kernel.btf);
  return pointers.flatMap((pointer) => {
    const candidates = (kernel.bySize.get(pointer.size) ?? []).filter(
      ({ offset }) => offset === pointer.offset,
    );
    const own = types?.prototypes.get(pointer.target);
    if (!types || !own) {
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
const MAYBE = /type|class|ops|dev/;

const soCalled = ({ called }: ReleaseMethod, { variable, target }: Pointer): boolean =>
  called.variable.test(variable) && called.method.test(target);

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
  /** Ids of the prototypes of each function: static ones of one name may have several. */
  readonly prototypes: ReadonlyMap<string, readonly number[]>;
}

/**
 * A module's type data; null where it has none that can be read. `.BTF.base`, where a module has
 * it, is what its data is split from instead of the kernel's (scripts/Makefile.modfinal and
 * tools/lib/bpf/btf_relocate.c, v6.12).
 */
function moduleTypes(elf: ElfObject, kernel: Btf): ModuleTypes | null {
  const own = contentOf(elf, '.BTF');
  if (own === null) return null;
  try {
    const distilled = contentOf(elf, '.BTF.base');
    const btf = new Btf(own, distilled === null ? kernel : new Btf(distilled));
    const prototypes = new Map<string, number[]>();
    btf.each(KIND.func, (id) => {
      const name = btf.name(id);
      const known = prototypes.get(name);
      if (known) known.push(btf.sizeOrType(id));
      else prototypes.set(name, [btf.sizeOrType(id)]);
    });
    return { btf, prototypes };
  } catch (error) {
    if (error instanceof BtfError || error instanceof RangeError) return null;
    throw error;
  }
}
