// SPDX-License-Identifier: MIT
import type { MapSymbol } from '../console/symbols.js';

const HEADER = 64;
const SECTION_HEADER = 64;
const SYMBOL = 24;
/** elf.h: types and flags of sections, binding and type of symbols. */
const SHT = { symtab: 2, strtab: 3, nobits: 8 } as const;
const SHF = { write: 1, alloc: 2, exec: 4 } as const;
const STT = { object: 1, func: 2 } as const;
const STB_GLOBAL = 1;
const ET_EXEC = 2;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: bigint;
  readonly size: bigint;
  readonly content: Buffer | null;
  readonly link: number;
  readonly info: number;
  readonly entry: number;
}

/** Names with a terminating zero each, and where each begins. */
class Strings {
  #text = '\0';
  readonly #at = new Map<string, number>([['', 0]]);
  add(name: string): number {
    const known = this.#at.get(name);
    if (known !== undefined) return known;
    const at = this.#text.length;
    this.#text += `${name}\0`;
    this.#at.set(name, at);
    return at;
  }
  get bytes(): Buffer {
    return Buffer.from(this.#text, 'latin1');
  }
}

const isText = ({ type }: MapSymbol): boolean => /^[tTwW]$/.test(type);

/**
 * An ELF file that holds nothing but names for addresses: what a debugger needs of a kernel whose
 * vmlinux is not there. Its sections lie where the kernel's are and have no content, so that the
 * debugger reads the guest's memory. A function ends where the next symbol begins.
 * @param symbols of /proc/kallsyms; those below the kernel's half of the addresses (per-CPU offsets)
 *   are left out
 * @param machine e_machine of the architecture
 */
export function symbolElf(symbols: readonly MapSymbol[], machine: number): Buffer {
  const sorted = symbols
    .filter(({ address }) => address >> 63n === 1n)
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const groups = new Map<string, MapSymbol[]>();
  for (const symbol of sorted) {
    const name = `${symbol.module ?? ''}${isText(symbol) ? '.text' : '.data'}`;
    const group = groups.get(name);
    if (group) group.push(symbol);
    else groups.set(name, [symbol]);
  }
  const names = new Strings();
  const entries: { readonly local: boolean; readonly bytes: Buffer }[] = [];
  const sections: Section[] = [...groups].map(([name, group], index) => {
    const start = group[0]?.address ?? 0n;
    const end = (group.at(-1)?.address ?? start) + 0x1000n;
    let next = end;
    let above = end;
    for (const symbol of group.toReversed()) {
      if (symbol.address < above) [next, above] = [above, symbol.address];
      entries.push(entryOf(symbol, names.add(symbol.name), index + 1, next));
    }
    const flags = SHF.alloc | (name.endsWith('.text') ? SHF.exec : SHF.write);
    return section(name, SHT.nobits, { flags, address: start, size: end - start });
  });
  const locals = entries.filter(({ local }) => local);
  const table = [...locals, ...entries.filter(({ local }) => !local)].map(({ bytes }) => bytes);
  sections.push(
    section('.symtab', SHT.symtab, {
      content: Buffer.concat([Buffer.alloc(SYMBOL), ...table]),
      link: sections.length + 2,
      info: locals.length + 1,
      entry: SYMBOL,
    }),
    section('.strtab', SHT.strtab, { content: names.bytes }),
  );
  return assemble(sections, machine);
}

const section = (name: string, type: number, more: Partial<Section>): Section => ({
  name,
  type,
  flags: 0,
  address: 0n,
  size: BigInt(more.content?.length ?? 0),
  content: null,
  link: 0,
  info: 0,
  entry: 0,
  ...more,
});

function entryOf(symbol: MapSymbol, name: number, index: number, end: bigint) {
  const bytes = Buffer.alloc(SYMBOL);
  const local = symbol.type === symbol.type.toLowerCase();
  bytes.writeUInt32LE(name, 0);
  bytes[4] = ((local ? 0 : STB_GLOBAL) << 4) | (isText(symbol) ? STT.func : STT.object);
  bytes.writeUInt16LE(index, 6);
  bytes.writeBigUInt64LE(symbol.address, 8);
  bytes.writeBigUInt64LE(end - symbol.address, 16);
  return { local, bytes };
}

function assemble(given: readonly Section[], machine: number): Buffer {
  const names = new Strings();
  const offsets = [...given.map(({ name }) => names.add(name)), names.add('.shstrtab')];
  const sections = [...given, section('.shstrtab', SHT.strtab, { content: names.bytes })];
  const parts: Buffer[] = [];
  const headers: Buffer[] = [Buffer.alloc(SECTION_HEADER)];
  let at = HEADER;
  sections.forEach((one, index) => {
    const bytes = Buffer.alloc(SECTION_HEADER);
    bytes.writeUInt32LE(offsets[index] ?? 0, 0);
    bytes.writeUInt32LE(one.type, 4);
    bytes.writeBigUInt64LE(BigInt(one.flags), 8);
    bytes.writeBigUInt64LE(one.address, 16);
    bytes.writeBigUInt64LE(BigInt(at), 24);
    bytes.writeBigUInt64LE(one.size, 32);
    bytes.writeUInt32LE(one.link, 40);
    bytes.writeUInt32LE(one.info, 44);
    bytes.writeBigUInt64LE(1n, 48);
    bytes.writeBigUInt64LE(BigInt(one.entry), 56);
    headers.push(bytes);
    if (one.content) parts.push(one.content);
    at += one.content?.length ?? 0;
  });
  const head = Buffer.alloc(HEADER);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little-endian, version 1
  head.writeUInt16LE(ET_EXEC, 16);
  head.writeUInt16LE(machine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(at), 40);
  head.writeUInt16LE(HEADER, 52);
  head.writeUInt16LE(SECTION_HEADER, 58);
  head.writeUInt16LE(headers.length, 60);
  head.writeUInt16LE(headers.length - 1, 62);
  return Buffer.concat([head, ...parts, ...headers]);
}
