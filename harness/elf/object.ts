// SPDX-License-Identifier: MIT
import { ElfError } from './error.js';
import { nameAt, u64 } from './read.js';
import { Relocations } from './relocations.js';
import { Symbols } from './symbols.js';

/** Sizes of the ELF64 header and of a section header, in bytes (elf(5)). */
const HEADER = 64;
const SECTION_HEADER = 64;
const MAGIC = 0x464c_457f; // 7f 45 4c 46, read as a little-endian word
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;

/** e_type of the files that are read here (elf(5)). */
export const ET = { relocatable: 1, executable: 2 } as const;
/** Types and flags of sections (elf(5)). */
export const SHT = { symtab: 2, rela: 4, nobits: 8 } as const;
/** See {@link SHT}. */
export const SHF = { write: 1, alloc: 2, execute: 4 } as const;

/** A section as its header says. Offsets and sizes are bytes of the file. */
export interface Section {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  /** Of a symbol table its strings; of relocations their symbols. */
  readonly link: number;
  /** Of relocations the section that they change. */
  readonly info: number;
}

/** What the header of an ELF file says of the rest. */
export interface ElfHeader {
  /** See {@link ET}. */
  readonly type: number;
  /** e_machine: of the architectures in model/arch/. */
  readonly machine: number;
  /** Where the section headers lie, in bytes, and which of them is that of their names. */
  readonly table: { readonly offset: number; readonly size: number; readonly names: number };
}

/** A 64-bit little-endian ELF file; what is not asked for is not read. */
export interface ElfObject {
  /** The whole file. */
  readonly bytes: Buffer;
  /** See {@link ET}. */
  readonly type: number;
  /** e_machine: of the architectures in model/arch/. */
  readonly machine: number;
  readonly sections: readonly Section[];
}

/**
 * Reads the first 64 bytes of an ELF file (System V ABI, chapter 4 of its generic part).
 * @throws ElfError where it is none, or none of this kind
 */
export function readHeader(bytes: Buffer): ElfHeader {
  if (bytes.length < HEADER || bytes.readUInt32LE(0) !== MAGIC)
    throw new ElfError('is no ELF file');
  if (bytes[4] !== CLASS_64 || bytes[5] !== LITTLE_ENDIAN) {
    throw new ElfError('is an ELF file of 32 bits or of big-endian order');
  }
  if (bytes.readUInt16LE(58) !== SECTION_HEADER) throw new ElfError('has no section headers');
  return {
    type: bytes.readUInt16LE(16),
    machine: bytes.readUInt16LE(18),
    table: {
      offset: u64(bytes, 40),
      size: bytes.readUInt16LE(60) * SECTION_HEADER,
      names: bytes.readUInt16LE(62),
    },
  };
}

/**
 * Reads section headers.
 * @param table all of them
 * @param namesOf given the section of their names, returns its content
 */
export function readSections(
  table: Buffer,
  { names }: ElfHeader['table'],
  namesOf: (section: Omit<Section, 'name'>) => Buffer,
): Section[] {
  const headers = Array.from({ length: table.length / SECTION_HEADER }, (_, i) => header(table, i));
  const strings = headers[names];
  const content = strings === undefined ? Buffer.alloc(0) : namesOf(strings);
  return headers.map(({ nameAt: at, ...section }) => ({
    ...section,
    name: nameAt(content, at, content.length),
  }));
}

/**
 * Reads the headers of a whole ELF file.
 * @throws ElfError where it is none, or a header points out of the file
 */
export function readElf(bytes: Buffer): ElfObject {
  const { type, machine, table } = readHeader(bytes);
  const { length } = bytes;
  const end = table.offset + table.size;
  if (end > length) {
    throw new ElfError(`is cut short: section headers end at byte ${end} of ${length}`);
  }
  const headers = bytes.subarray(table.offset, end);
  const sections = readSections(headers, table, ({ offset, size }) =>
    bytes.subarray(offset, offset + size),
  );
  for (const section of sections) {
    const last = section.offset + section.size;
    if (section.type === SHT.nobits || last <= length) continue;
    throw new ElfError(`is cut short: section ${section.name} ends at byte ${last} of ${length}`);
  }
  return { bytes, type, machine, sections };
}

function header(table: Buffer, index: number) {
  const at = index * SECTION_HEADER;
  return {
    index,
    nameAt: table.readUInt32LE(at),
    type: table.readUInt32LE(at + 4),
    flags: u64(table, at + 8),
    offset: u64(table, at + 24),
    size: u64(table, at + 32),
    link: table.readUInt32LE(at + 40),
    info: table.readUInt32LE(at + 44),
  };
}

/** The content of a section, a view into the file; null where the file has none by that name. */
export function contentOf(elf: ElfObject, name: string): Buffer | null {
  const section = elf.sections.find((one) => one.name === name && one.type !== SHT.nobits);
  return section === undefined
    ? null
    : elf.bytes.subarray(section.offset, section.offset + section.size);
}

/** The symbol table; one without entries where the file was stripped. */
export function symbolsOf(elf: ElfObject): Symbols {
  const table = elf.sections.find(({ type }) => type === SHT.symtab);
  const strings = table === undefined ? undefined : elf.sections[table.link];
  return new Symbols(elf.bytes, table ?? { offset: 0, size: 0 }, strings ?? { offset: 0, size: 0 });
}

/** The relocations of a section, by its index; several tables are rare, and all are given. */
export const relocationsOf = (elf: ElfObject, section: number): Relocations[] =>
  elf.sections
    .filter(({ type, info }) => type === SHT.rela && info === section)
    .map((table) => new Relocations(elf.bytes, table));
