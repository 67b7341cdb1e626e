// SPDX-License-Identifier: MIT
import { i64, u64 } from './read.js';

/** Size of an entry, in bytes: Elf64_Rela (elf(5)). */
const ENTRY = 24;

/**
 * The relocation that stores a 64-bit address: R_X86_64_64 of e_machine 62 (x86-64 psABI, 4.4.1)
 * and R_AARCH64_ABS64 of e_machine 183 (ELF for the Arm 64-bit Architecture, 5.7.5). What a
 * pointer of a variable is initialised with is one of these.
 */
const ABSOLUTE_64: Readonly<Record<number, number>> = { 62: 1, 183: 257 };

/** The type of that relocation for an e_machine; null for machines that are not read here. */
export const absolute64 = (machine: number): number | null => ABSOLUTE_64[machine] ?? null;

/** A table of relocations with addends that reads an entry when it is asked for. */
export class Relocations {
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #at: number;

  constructor(bytes: Buffer, table: { readonly offset: number; readonly size: number }) {
    this.#bytes = bytes;
    this.#at = table.offset;
    this.count = Math.floor(table.size / ENTRY);
  }

  /** Bytes from the start of the section that is changed. */
  offset(index: number): number {
    return u64(this.#bytes, this.#at + index * ENTRY);
  }

  type(index: number): number {
    return this.#bytes.readUInt32LE(this.#at + index * ENTRY + 8);
  }

  /** Index into the table of symbols. */
  symbol(index: number): number {
    return this.#bytes.readUInt32LE(this.#at + index * ENTRY + 12);
  }

  addend(index: number): number {
    return i64(this.#bytes, this.#at + index * ENTRY + 16);
  }
}
