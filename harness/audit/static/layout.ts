// SPDX-License-Identifier: MIT
import type { Btf } from '../../btf/btf.js';
import { memberOf, pointedPrototype } from '../../btf/compare.js';
import { type Prototypes, prototypesOf } from '../../btf/functions.js';
import { KIND } from '../../btf/kinds.js';
import { METHODS, type ReleaseMethod } from './methods.js';

/** Where a kernel has a release method. */
export interface MethodLayout {
  readonly method: ReleaseMethod;
  /** Bytes from the start of the variable. */
  readonly offset: number;
  /** Id of the method's prototype in the kernel's type data. */
  readonly prototype: number;
}

/** What the static part needs to know of a kernel. */
export interface KernelTypes {
  readonly btf: Btf;
  /** Its functions. A module's that is like one of them, name and prototype, is only here. */
  readonly prototypes: Prototypes;
  /** By the size in bytes of the struct: several structs may be of one size. */
  readonly bySize: ReadonlyMap<number, readonly MethodLayout[]>;
  /** Methods that this kernel does not have: members that came later, structs of no configuration. */
  readonly absent: readonly ReleaseMethod[];
}

/**
 * Looks the methods up in the kernel's own type data.
 * @throws BtfError where it is damaged
 */
export function kernelTypes(btf: Btf): KernelTypes {
  const wanted = new Set(METHODS.map(({ struct }) => struct));
  const structs = new Map<string, number>();
  btf.each(KIND.struct, (id) => {
    const name = btf.name(id);
    if (wanted.has(name) && !structs.has(name)) structs.set(name, id);
  });
  const bySize = new Map<number, MethodLayout[]>();
  const absent: ReleaseMethod[] = [];
  for (const method of METHODS) {
    const struct = structs.get(method.struct);
    const member = struct === undefined ? null : memberOf(btf, struct, method.path);
    const prototype = member && pointedPrototype(btf, member.type);
    if (struct === undefined || member === null || prototype === null) {
      absent.push(method);
      continue;
    }
    const size = btf.sizeOrType(struct);
    bySize.set(size, [...(bySize.get(size) ?? []), { method, offset: member.offset, prototype }]);
  }
  return { btf, prototypes: prototypesOf(btf), bySize, absent };
}
