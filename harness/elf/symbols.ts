// SPDX-License-Identifier: MIT
import { nameAt, u64 } from './read.js';

/** Size of an entry, in bytes: Elf64_Sym (elf(5)). */
const ENTRY = 24;

/** Types of symbols, and the index of the section of those that are defined elsewhere (elf(5)). */
export const STT = { object: 1, func: 2, section: 3 } as const;
/** See {@link STT}. */
export const SHN_UNDEF = 0;

interface Extent {
  readonly offset: number;
  readonly size: number;
}

/** A symbol table that reads an entry when it is asked for: most entries of a module never are. */
export class Symbols {
  /** Number of entries; the first, 0, stands for no symbol. */
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #strings: Extent;

  constructor(bytes: Buffer, table: Extent, strings: Extent) {
    this.#bytes = bytes;
    this.#at = table.offset;
    this.#strings = strings;
    this.count = Math.floor(table.size / ENTRY);
  }

  name(index: number): string {
    const { offset, size } = this.#strings;
    return nameAt(
      this.#bytes,
      offset + this.#bytes.readUInt32LE(this.#at + index * ENTRY),
      offset + size,
    );
  }

  /** See {@link STT}. */
  type(index: number): number {
    return this.#bytes.readUInt8(this.#at + index * ENTRY + 4) & 0xf;
  }

  /** Whether no other file sees it (STB_LOCAL, elf(5)). */
  isLocal(index: number): boolean {
    return this.#bytes.readUInt8(this.#at + index * ENTRY + 4) >> 4 === 0;
  }

  /** Index of the section that it lies in; {@link SHN_UNDEF} where another file defines it. */
  section(index: number): number {
    return this.#bytes.readUInt16LE(this.#at + index * ENTRY + 6);
  }

  /** Of a relocatable file: bytes from the start of its section. */
  value(index: number): number {
    return u64(this.#bytes, this.#at + index * ENTRY + 8);
  }

  /** In bytes. */
  size(index: number): number {
    return u64(this.#bytes, this.#at + index * ENTRY + 16);
  }
}
