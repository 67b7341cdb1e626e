// SPDX-License-Identifier: MIT
import { type ElfObject, relocationsOf, SHF } from '../../elf/object.js';
import { absolute64 } from '../../elf/relocations.js';
import { STT, type Symbols } from '../../elf/symbols.js';

/** A variable of a module that is initialised with the address of one of its functions. */
export interface Pointer {
  readonly variable: string;
  /** Size of the variable, in bytes. */
  readonly size: number;
  /** Where in the variable the address lies, in bytes. */
  readonly offset: number;
  readonly target: string;
}

interface Variable {
  readonly index: number;
  readonly start: number;
  readonly size: number;
}

/**
 * The addresses of a module's own functions in its variables, found by their relocations.
 * @param wanted which variables to look at, by size in bytes and name (read only when asked)
 */
export function pointersIn(
  elf: ElfObject,
  symbols: Symbols,
  wanted: (size: number, name: () => string) => boolean,
): Pointer[] {
  const bySection = new Map<number, Variable[]>();
  for (let index = 1; index < symbols.count; index++) {
    if (symbols.type(index) !== STT.object) continue;
    const size = symbols.size(index);
    if (size === 0 || !wanted(size, () => symbols.name(index))) continue;
    const section = symbols.section(index);
    const flags = elf.sections[section]?.flags ?? 0;
    if (!(flags & SHF.alloc) || flags & SHF.execute) continue;
    const known = bySection.get(section);
    const variable = { index, start: symbols.value(index), size };
    if (known) known.push(variable);
    else bySection.set(section, [variable]);
  }
  if (bySection.size === 0) return [];
  const name = functionNames(elf, symbols);
  return [...bySection].flatMap(([section, variables]) =>
    pointersOf(elf, symbols, section, variables, name),
  );
}

function pointersOf(
  elf: ElfObject,
  symbols: Symbols,
  section: number,
  variables: Variable[],
  name: (section: number, value: number) => string | undefined,
): Pointer[] {
  const sorted = variables.sort((a, b) => a.start - b.start);
  const absolute = absolute64(elf.machine);
  const found: Pointer[] = [];
  for (const table of relocationsOf(elf, section)) {
    for (let i = 0; i < table.count; i++) {
      const at = table.offset(i);
      const variable = sorted[lastFrom(sorted, at)];
      if (variable === undefined || at >= variable.start + variable.size) continue;
      if (table.type(i) !== absolute) continue;
      const symbol = table.symbol(i);
      const target = name(symbols.section(symbol), symbols.value(symbol) + table.addend(i));
      if (target === undefined) continue;
      const offset = at - variable.start;
      found.push({
        variable: symbols.name(variable.index),
        size: variable.size,
        offset,
        target,
      });
    }
  }
  return found;
}

/** Index of the last variable that begins at or before a place; -1 where none does. */
function lastFrom(sorted: readonly Variable[], at: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.start ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Names of the functions by section and place; made when the first is asked for. */
function functionNames(elf: ElfObject, symbols: Symbols) {
  let names: Map<string, number> | undefined;
  const key = (section: number, value: number): string => `${section}:${value}`;
  const make = (): Map<string, number> => {
    const made = new Map<string, number>();
    for (let index = 1; index < symbols.count; index++) {
      if (symbols.type(index) !== STT.func) continue;
      const section = symbols.section(index);
      if (!((elf.sections[section]?.flags ?? 0) & SHF.execute)) continue;
      made.set(key(section, symbols.value(index)), index);
    }
    return made;
  };
  return (section: number, value: number): string | undefined => {
    names ??= make();
    const index = names.get(key(section, value));
    return index === undefined ? undefined : symbols.name(index);
  };
}
