// SPDX-License-Identifier: MIT
import { type ModuleText, nameAddress } from '../../console/index.js';
import type { GonePlace } from '../../model/audit.js';
import { type GuestRecord, recordsOf } from '../../model/record.js';
import type { ModuleSection } from './module-elf.js';

/** What the files of modules say of their sections; null for a module whose file is not known. */
export type SectionsOf = (module: string) => readonly ModuleSection[] | null;

const hex = (digits: string): bigint => BigInt(`0x${digits || '0'}`);

/** Where the modules of a visit lay that are gone: each section on its own, with its names. */
export interface GoneMemory {
  readonly sections: readonly ModuleText[];
  /** Start of each module's memory, by its name. */
  readonly starts: ReadonlyMap<string, bigint>;
}

/** Without the file nobody knows where a section ends: a page. */
const UNKNOWN_SIZE = 0x1000n;

/**
 * The memory of the modules that a visit loaded and unloaded.
 * @param records of the visit: where each module and each of its sections lay
 */
export function goneMemory(records: readonly GuestRecord[], sectionsOf: SectionsOf): GoneMemory {
  const unloaded = new Set(
    recordsOf(records, 'unloaded').flatMap(({ module, error }) => (error === 0 ? [module] : [])),
  );
  const starts = new Map(
    recordsOf(records, 'module').map(({ name, address }) => [name, hex(address)] as const),
  );
  const sections = recordsOf(records, 'section')
    .filter(({ module }) => unloaded.has(module))
    .map((record): ModuleText => {
      const start = hex(record.address);
      const known = sectionsOf(record.module)?.find(({ name }) => name === record.name);
      return {
        module: record.module,
        start,
        end: start + (known ? BigInt(known.size) : UNKNOWN_SIZE),
        unloaded: true,
        symbols: [
          ...(known?.symbols ?? []).map(({ name, offset }) => ({
            name,
            address: start + BigInt(offset),
          })),
          // For what no symbol is before.
          { name: `[${record.name}]`, address: start },
        ],
      };
    });
  return { sections, starts };
}

const within = (section: ModuleText, address: bigint): boolean =>
  BigInt(section.start) <= address && address < BigInt(section.end);

/** An address in a module that is gone; null when it lies in none. */
export function placeOf({ sections, starts }: GoneMemory, address: bigint): GonePlace | null {
  const section = sections.find((one) => within(one, address));
  if (!section) return null;
  const { module, symbols } = section;
  const offset = Number(address - (starts.get(module) ?? BigInt(section.start)));
  const symbol = nameAddress(symbols, address);
  return symbol === undefined ? { module, offset } : { module, offset, symbol };
}
