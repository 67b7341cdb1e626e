// SPDX-License-Identifier: MIT
import type { Btf } from './btf.js';
import { KIND } from './kinds.js';

/** Ids of the prototypes of a function by its name: static ones of one name may have several. */
export type Prototypes = (name: string) => readonly number[];

/** The functions of type data, without its base's; read when the first is asked for. */
export function prototypesOf(btf: Btf): Prototypes {
  let found: Map<string, number[]> | undefined;
  const read = (): Map<string, number[]> => {
    const all = new Map<string, number[]>();
    btf.each(KIND.func, (id) => {
      const name = btf.name(id);
      const known = all.get(name);
      if (known) known.push(btf.sizeOrType(id));
      else all.set(name, [btf.sizeOrType(id)]);
    });
    return all;
  };
  return (name) => {
    found ??= read();
    return found.get(name) ?? [];
  };
}
