// SPDX-License-Identifier: MIT
import { firstRecord, type GuestRecord, recordsOf } from '../model/record.js';
import type { Provenance } from '../model/trial.js';

/** A named address of the guest. */
export interface Named {
  readonly address: bigint;
  readonly name: string;
  /** Empty for vmlinux. */
  readonly module: string;
}

/** A stretch of memory: start inclusive, end exclusive. */
export interface Region {
  readonly start: bigint;
  readonly end: bigint;
}

/** Where things lay in the guest before the unload, from its own records. */
export interface Layout {
  /** The module that is to be unloaded. */
  readonly module: string;
  /** Its symbols, ascending. */
  readonly symbols: readonly Named[];
  /** Its sections: what kallsyms does not name (data, without KALLSYMS_ALL) lies in one of them. */
  readonly sections: readonly Named[];
  /** The place of its text: start inclusive, end exclusive; null when it was not reported. */
  readonly text: Region | null;
  /** Its memory outside that, where its data lies since v6.4; empty on older kernels. */
  readonly data: readonly Region[];
  readonly vmlinux: ReadonlyMap<string, bigint>;
  /** Symbols that were asked for and lie in other modules, which stay. */
  readonly others: readonly Named[];
}

const hex = (text: string): bigint => (/^[0-9a-f]+$/i.test(text) ? BigInt(`0x${text}`) : 0n);

/** Collects the guest's address records of a module. */
export function layoutOf(records: readonly GuestRecord[], suspect: string): Layout {
  // Mapping symbols ($x, $d) mark code and data in arm64 modules; they name nothing.
  const real = recordsOf(records, 'symbol').filter((r) => !/^\$[adtx](\.|$)/.test(r.name));
  const symbols = real.map((r) => ({
    address: hex(r.address),
    name: r.name,
    module: r.module,
  }));
  const module = recordsOf(records, 'module').find((r) => r.name === suspect);
  // Since v6.4 a module's memory comes in several regions (struct module_memory); the first, which
  // /proc/modules names, is its text.
  const start = module ? hex(module.address) : 0n;
  const text = module ? textOf(start, BigInt(module.size), records) : null;
  const sections = recordsOf(records, 'section')
    .filter((r) => r.module === suspect)
    .map((r) => ({ address: hex(r.address), name: r.name, module: r.module }));
  return {
    module: suspect,
    symbols: symbols
      .filter((s) => s.module === suspect)
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0)),
    sections,
    text,
    data: text ? dataOf(text, sections) : [],
    vmlinux: new Map(symbols.filter((s) => s.module === '').map((s) => [s.name, s.address])),
    others: symbols.filter((s) => s.module !== '' && s.module !== suspect),
  };
}

/** The size counts all regions (kernel/module/procfs.c, module_total_size()): the next module ends it. */
function textOf(start: bigint, size: bigint, records: readonly GuestRecord[]): Region {
  const others = recordsOf(records, 'module')
    .map((r) => hex(r.address))
    .filter((address) => address > start && address < start + size);
  return { start, end: others.reduce((end, at) => (at < end ? at : end), start + size) };
}

const PAGE = 0x1000n;

/**
 * The pages from each section outside the text to the next one's. The kernel tells where sections
 * begin and not where they end: the last of a region is taken to its page's end. What belongs to
 * the module's initialisation is freed once it is loaded.
 */
function dataOf(text: Region, sections: readonly Named[]): Region[] {
  const starts = sections
    .filter(({ address, name }) => address !== 0n && !name.startsWith('.init.'))
    .map(({ address }) => address)
    .filter((address) => address < text.start || address >= text.end)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const regions: { start: bigint; end: bigint }[] = [];
  for (const address of starts) {
    const start = address - (address % PAGE);
    const last = regions.at(-1);
    // A section of 16 pages is longer than any that was seen; a larger gap is another region's.
    if (last && start - last.end <= 16n * PAGE) last.end = start + PAGE;
    else regions.push({ start, end: start + PAGE });
  }
  return regions;
}

/**
 * The layout at every other place where a soak had the module, in the order of its records: the same
 * module, so all of it moves with the beginning of its text and of its read-only data.
 */
export function movedLayouts(layout: Layout, records: readonly GuestRecord[]): Layout[] {
  const { text } = layout;
  const textAt = layout.sections.find((section) => section.name === '.text')?.address;
  const rodataAt = layout.sections.find((section) => section.name === '.rodata')?.address;
  if (!text || textAt === undefined || rodataAt === undefined) return [];
  const inText = (address: bigint): boolean => address >= text.start && address < text.end;
  return recordsOf(records, 'moved')
    .map((moved) => ({ text: hex(moved.text) - textAt, rodata: hex(moved.rodata) - rodataAt }))
    .filter((by) => by.text !== 0n || by.rodata !== 0n)
    .map((by) => {
      const at = (address: bigint): bigint => address + (inText(address) ? by.text : by.rodata);
      const named = (one: Named): Named => ({ ...one, address: at(one.address) });
      const region = ({ start, end }: Region, shift: bigint): Region => ({
        start: start + shift,
        end: end + shift,
      });
      return {
        module: layout.module,
        symbols: layout.symbols.map(named),
        sections: layout.sections.map(named),
        text: region(text, by.text),
        data: layout.data.map((one) => region(one, by.rodata)),
        vmlinux: layout.vmlinux,
        others: layout.others,
      };
    });
}

/**
 * Where that which lay at an address of one guest lies in another with the same kernel and the same
 * module. A module's place depends on what was loaded and freed before it, so two boots may differ;
 * vmlinux's does not, because guests boot with nokaslr.
 */
export function addressIn(to: Layout, from: Layout, address: bigint): bigint {
  if (!from.text || !to.text) return address;
  const inside = ({ start, end }: Region): boolean => address >= start && address < end;
  if (inside(from.text)) return to.text.start + (address - from.text.start);
  const rodata = (layout: Layout): bigint | undefined =>
    layout.sections.find((section) => section.name === '.rodata')?.address;
  const before = rodata(from);
  const now = rodata(to);
  if (before === undefined || now === undefined || !from.data.some(inside)) return address;
  return now + (address - before);
}

/** `name+0x12 [dm_mod]` for an address in the text of the module, else null. */
export function nameInModule(layout: Layout, address: bigint): string | null {
  const { text, module } = layout;
  if (!text || address < text.start || address >= text.end) return null;
  const symbol = layout.symbols.findLast((candidate) => candidate.address <= address);
  if (!symbol) return null;
  return `${symbol.name}+0x${(address - symbol.address).toString(16)} [${module}]`;
}

/**
 * Where the release method of the held kobject was, and where complete() was to return to.
 * @param method the name that is meant where several symbols lie at its address
 */
export function provenanceOf(
  records: readonly GuestRecord[],
  layout: Layout,
  method: string,
  returnAddress: string | null,
): Provenance | null {
  const hold = firstRecord(records, 'hold');
  if (!hold) return null;
  const release = hex(hold.release);
  const there = layout.symbols.filter((s) => s.address === release);
  const inModule = there.find((s) => s.name === method) ?? there[0];
  const builtin = [...layout.vmlinux].find(([, address]) => address === release);
  const other = layout.others.find((s) => s.address === release);
  return {
    release: hold.release,
    symbol: inModule?.name ?? builtin?.[0] ?? other?.name ?? '',
    module: inModule ? layout.module : (other?.module ?? ''),
    returnsTo:
      returnAddress === null
        ? null
        : (nameInModule(layout, hex(returnAddress)) ??
          `${returnAddress} [vmlinux or another module]`),
  };
}
