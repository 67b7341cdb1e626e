// SPDX-License-Identifier: MIT

/** A section of a module's file that is loaded, and where its names lie in it. */
export interface ModuleSection {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly symbols: readonly {
    readonly name: string;
    /** Bytes from the start of the section. */
    readonly offset: number;
  }[];
}

const SECTION_HEADER = 64;
const SYMBOL = 24;
const SHT_SYMTAB = 2;
const SHF_ALLOC = 2;
/** elf.h, STT: nothing in particular, data, code. */
const NAMED = new Set([0, 1, 2]);

const text = (bytes: Buffer, at: number): string =>
  bytes.toString('latin1', at, Math.max(at, bytes.indexOf(0, at)));

interface Header {
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** The section headers of a 64-bit little-endian object file (System V ABI, chapter 4). */
function headersOf(bytes: Buffer): Header[] {
  const start = Number(bytes.readBigUInt64LE(40));
  const count = bytes.readUInt16LE(60);
  const at = (index: number): number => start + index * SECTION_HEADER;
  const names = Number(bytes.readBigUInt64LE(at(bytes.readUInt16LE(62)) + 24));
  return Array.from({ length: count }, (_, index) => ({
    name: text(bytes, names + bytes.readUInt32LE(at(index))),
    type: bytes.readUInt32LE(at(index) + 4),
    flags: bytes.readBigUInt64LE(at(index) + 8),
    offset: Number(bytes.readBigUInt64LE(at(index) + 24)),
    size: Number(bytes.readBigUInt64LE(at(index) + 32)),
    link: bytes.readUInt32LE(at(index) + 40),
  }));
}

/**
 * Where the names of a module lie, by the sections of its file: the kernel tells where each section
 * was loaded (/sys/module/NAME/sections), and needs no file to do so.
 * @param bytes an uncompressed .ko of a 64-bit little-endian architecture
 * @throws RangeError for one that is cut off
 */
export function moduleSections(bytes: Buffer): readonly ModuleSection[] {
  const headers = headersOf(bytes);
  const symbols = headers.map((): { name: string; offset: number }[] => []);
  for (const table of headers.filter(({ type }) => type === SHT_SYMTAB)) {
    const names = headers[table.link]?.offset ?? 0;
    for (let at = table.offset; at < table.offset + table.size; at += SYMBOL) {
      const name = text(bytes, names + bytes.readUInt32LE(at));
      // Mapping symbols ($x, $d) mark code and data in arm64 modules; they name nothing.
      if (name === '' || name.startsWith('$') || !NAMED.has((bytes[at + 4] ?? 0) & 0xf)) continue;
      const section = bytes.readUInt16LE(at + 6);
      symbols[section]?.push({ name, offset: Number(bytes.readBigUInt64LE(at + 8)) });
    }
  }
  return headers
    .map(({ name, size, flags }, index) => ({ name, size, flags, symbols: symbols[index] ?? [] }))
    .filter(({ flags, size, name }) => name !== '' && size > 0 && (Number(flags) & SHF_ALLOC) !== 0)
    .map(({ name, size, symbols }) => ({ name, size, symbols }));
}
