// SPDX-License-Identifier: MIT
import { BtfError, KIND, type Kind, NAMES_OF_KINDS, trailer } from './kinds.js';

/** Documentation/bpf/btf.rst, 2: the magic, and the header's size in the only version there is. */
const MAGIC = 0xeb9f;
const HEADER = 24;
const TYPE = 12;

/** A member of a struct or union, or a parameter: its name and the id of its type. */
export interface Member {
  readonly name: string;
  readonly type: number;
  /** Bits from the start of the struct. */
  readonly bits: number;
}

/**
 * Type data of a kernel or module (Documentation/bpf/btf.rst). A module's is split: its ids and
 * strings go on where its base's end, so both are asked through one object.
 */
export class Btf {
  /** The first id that is not the base's, and the first after the last. */
  readonly start: number;
  readonly end: number;
  readonly #bytes: Buffer;
  readonly #base: Btf | null;
  /** Where each type lies in the bytes. */
  readonly #at: Uint32Array;
  readonly #strings: { readonly from: number; readonly to: number };
  /** Bytes of all strings, the base's first. */
  readonly #stringsEnd: number;

  /**
   * @param bytes content of the section .BTF; kept, not copied
   * @param base what a split one is split from; null for vmlinux
   * @throws BtfError where it is damaged, or of a kind that came after this was written
   */
  constructor(bytes: Buffer, base: Btf | null = null) {
    if (bytes.length < HEADER || bytes.readUInt16LE(0) !== MAGIC)
      throw new BtfError('has no magic');
    const [length = 0, typesFrom = 0, typesLength = 0, stringsFrom = 0, stringsLength = 0] = [
      4, 8, 12, 16, 20,
    ].map((at) => bytes.readUInt32LE(at));
    const types = length + typesFrom;
    const strings = length + stringsFrom;
    if (Math.max(types + typesLength, strings + stringsLength) > bytes.length) {
      throw new BtfError(`is cut short after ${bytes.length} bytes`);
    }
    this.#bytes = bytes;
    this.#base = base;
    this.#strings = { from: strings, to: strings + stringsLength };
    this.#stringsEnd = (base?.stringsLength ?? 0) + stringsLength;
    this.start = base?.end ?? 1;
    this.#at = index(bytes, types, types + typesLength);
    this.end = this.start + this.#at.length;
  }

  get stringsLength(): number {
    return this.#stringsEnd;
  }

  /** Whose type that is, and where it lies; id 0 is `void` and lies nowhere. */
  #place(id: number): { readonly btf: Btf; readonly at: number } | null {
    if (id < this.start) return this.#base === null ? null : this.#base.#place(id);
    const at = this.#at[id - this.start];
    if (at === undefined) throw new BtfError(`has no type ${id}`);
    return { btf: this, at };
  }

  #name(offset: number): string {
    const before = this.#base?.stringsLength ?? 0;
    if (offset < before && this.#base) return this.#base.#name(offset);
    const at = this.#strings.from + offset - before;
    if (at >= this.#strings.to) return '';
    return this.#bytes.toString('latin1', at, this.#bytes.indexOf(0, at));
  }

  kind(id: number): Kind | 0 {
    const place = this.#place(id);
    if (place === null) return 0;
    return kindAt(place.btf.#bytes, place.at);
  }

  name(id: number): string {
    const place = this.#place(id);
    return place === null ? 'void' : place.btf.#name(place.btf.#bytes.readUInt32LE(place.at));
  }

  /** Size in bytes of a struct, union, int or enum; of all others the id of the type they refer to. */
  sizeOrType(id: number): number {
    const place = this.#place(id);
    return place === null ? 0 : place.btf.#bytes.readUInt32LE(place.at + 8);
  }

  /** Members of a struct or union, in the order of the source. */
  members(id: number): Member[] {
    return this.#list(id, 12, (btf, at, bitfields) => {
      const offset = btf.#bytes.readUInt32LE(at + 8);
      return {
        name: btf.#name(btf.#bytes.readUInt32LE(at)),
        type: btf.#bytes.readUInt32LE(at + 4),
        bits: bitfields ? offset & 0xff_ffff : offset,
      };
    });
  }

  /** Ids of the types of a prototype's parameters; 0 at the end stands for `...`. */
  parameters(id: number): number[] {
    return this.#list(id, 8, (btf, at) => btf.#bytes.readUInt32LE(at + 4));
  }

  #list<T>(id: number, size: number, read: (btf: Btf, at: number, flag: boolean) => T): T[] {
    const place = this.#place(id);
    if (place === null) return [];
    const { btf, at } = place;
    const info = btf.#bytes.readUInt32LE(at + 4);
    const flag = info >>> 31 === 1;
    return Array.from({ length: info & 0xffff }, (_, i) => read(btf, at + TYPE + i * size, flag));
  }

  /** Calls back for each type of its own (not the base's) of a kind, with its id. */
  each(kind: Kind, call: (id: number) => void): void {
    for (let i = 0; i < this.#at.length; i++) {
      if (kindAt(this.#bytes, this.#at[i] ?? 0) === kind) call(this.start + i);
    }
  }
}

const kindAt = (bytes: Buffer, at: number): Kind =>
  ((bytes.readUInt32LE(at + 4) >>> 24) & 0x1f) as Kind;

/** Where each type begins: they follow each other, each with what its kind has behind it. */
function index(bytes: Buffer, from: number, to: number): Uint32Array {
  const places = new Uint32Array(Math.floor((to - from) / TYPE));
  let count = 0;
  let at = from;
  while (at + TYPE <= to) {
    const info = bytes.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x1f;
    if (!(kind in NAMES_OF_KINDS)) {
      throw new BtfError(`has a type of kind ${kind}; the last that is known is ${KIND.enum64}`);
    }
    places[count++] = at;
    at += TYPE + trailer(kind as Kind, info & 0xffff);
  }
  if (at !== to) throw new BtfError(`ends within type ${count} of its own`);
  return places.subarray(0, count);
}
