// SPDX-License-Identifier: MIT
// Writes object files and type data like those of kernels and modules, byte by byte, so that the
// readers are tested without a compiler and without binaries in the repository.

/** A section to be written. */
export interface WrittenSection {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  readonly content: Buffer;
  readonly link?: number;
  readonly info?: number;
}

/** A symbol to be written; `section` is its section's name, undefined where it is imported. */
export interface WrittenSymbol {
  readonly name: string;
  readonly type: 'object' | 'func' | 'section' | 'none';
  readonly section?: string;
  readonly value?: number;
  readonly size?: number;
}

/** An address to be stored: at `offset` of section `at` that of section `to` plus `addend`. */
export interface WrittenAddress {
  readonly at: string;
  readonly offset: number;
  readonly to: string;
  readonly addend: number;
  /** Another type than the architecture's 64-bit address. */
  readonly type?: number;
}

const TYPES = { none: 0, object: 1, func: 2, section: 3 } as const;

class Strings {
  #bytes = Buffer.from([0]);
  add(name: string): number {
    if (name === '') return 0;
    const at = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(`${name}\0`, 'latin1')]);
    return at;
  }
  get bytes(): Buffer {
    return this.#bytes;
  }
}

/** An ELF64 little-endian file. */
export function writeElf(file: {
  readonly type?: number;
  readonly machine?: number;
  readonly sections: readonly WrittenSection[];
  readonly symbols?: readonly WrittenSymbol[];
  readonly addresses?: readonly WrittenAddress[];
}): Buffer {
  const machine = file.machine ?? 62;
  const given = file.sections;
  const indexOf = (name: string | undefined): number =>
    name === undefined ? 0 : given.findIndex((one) => one.name === name) + 1;
  const strings = new Strings();
  // A symbol for each section first, as assemblers do.
  const symbols: WrittenSymbol[] = [
    ...given.map(({ name }): WrittenSymbol => ({ name: '', type: 'section', section: name })),
    ...(file.symbols ?? []),
  ];
  const table = symbols.map((symbol) => {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32LE(strings.add(symbol.name), 0);
    // Functions and what others define are global (STB_GLOBAL).
    const isGlobal = symbol.type === 'func' || symbol.section === undefined;
    bytes[4] = TYPES[symbol.type] | (isGlobal ? 1 << 4 : 0);
    bytes.writeUInt16LE(indexOf(symbol.section), 6);
    bytes.writeBigUInt64LE(BigInt(symbol.value ?? 0), 8);
    bytes.writeBigUInt64LE(BigInt(symbol.size ?? 0), 16);
    return bytes;
  });
  const symtab = given.length + 1;
  const changed = [...new Set((file.addresses ?? []).map(({ at }) => at))];
  const relocations = changed.map((name): WrittenSection => {
    const entries = (file.addresses ?? []).filter(({ at }) => at === name);
    const content = entries.map(({ offset, to, addend, type }) => {
      const bytes = Buffer.alloc(24);
      bytes.writeBigUInt64LE(BigInt(offset), 0);
      bytes.writeUInt32LE(type ?? (machine === 62 ? 1 : 257), 8);
      bytes.writeUInt32LE(indexOf(to), 12);
      bytes.writeBigInt64LE(BigInt(addend), 16);
      return bytes;
    });
    return {
      name: `.rela${name}`,
      type: 4,
      content: Buffer.concat(content),
      link: symtab,
      info: indexOf(name),
    };
  });
  const all: WrittenSection[] = [
    ...given,
    {
      name: '.symtab',
      type: 2,
      content: Buffer.concat([Buffer.alloc(24), ...table]),
      link: symtab + 1,
    },
    { name: '.strtab', type: 3, content: strings.bytes },
    ...relocations,
  ];
  const names = new Strings();
  const nameOffsets = [...all.map(({ name }) => names.add(name)), names.add('.shstrtab')];
  all.push({ name: '.shstrtab', type: 3, content: names.bytes });
  let at = 64;
  const headers = all.map((section, i) => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(nameOffsets[i] ?? 0, 0);
    bytes.writeUInt32LE(section.type, 4);
    bytes.writeBigUInt64LE(BigInt(section.flags ?? 0), 8);
    bytes.writeBigUInt64LE(BigInt(at), 24);
    bytes.writeBigUInt64LE(BigInt(section.content.length), 32);
    bytes.writeUInt32LE(section.link ?? 0, 40);
    bytes.writeUInt32LE(section.info ?? 0, 44);
    at += section.content.length;
    return bytes;
  });
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(file.type ?? 1, 16);
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(BigInt(at), 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(all.length + 1, 60);
  head.writeUInt16LE(all.length, 62);
  return Buffer.concat([head, ...all.map(({ content }) => content), Buffer.alloc(64), ...headers]);
}

/** Type data, written type by type; each method returns the id of its type. */
export class BtfWriter {
  readonly #types: Buffer[] = [];
  readonly #strings = new Strings();
  readonly #base: { readonly types: number; readonly strings: number };

  /** @param base what a module's is split from */
  constructor(base?: BtfWriter) {
    this.#base = { types: base?.types ?? 0, strings: base?.strings ?? 0 };
  }

  /** Types and bytes of strings so far, with the base's. */
  get types(): number {
    return this.#base.types + this.#types.length;
  }
  get strings(): number {
    return this.#base.strings + this.#strings.bytes.length;
  }

  add(kind: number, name: string, parts: number, sizeOrType: number, words: number[] = []): number {
    const bytes = Buffer.alloc(12 + words.length * 4);
    bytes.writeUInt32LE(this.name(name), 0);
    bytes.writeUInt32LE(((kind << 24) | parts) >>> 0, 4);
    bytes.writeUInt32LE(sizeOrType, 8);
    words.forEach((word, i) => {
      bytes.writeUInt32LE(word, 12 + i * 4);
    });
    this.#types.push(bytes);
    return this.types;
  }

  name(name: string): number {
    return name === '' ? 0 : this.#base.strings + this.#strings.add(name);
  }

  int = (name: string, size: number): number => this.add(1, name, 0, size, [0]);
  pointer = (to: number): number => this.add(2, '', 0, to);
  constant = (to: number): number => this.add(10, '', 0, to);
  typedef = (name: string, to: number): number => this.add(8, name, 0, to);
  forward = (name: string): number => this.add(7, name, 0, 0);
  func = (name: string, prototype: number): number => this.add(12, name, 0, prototype);
  struct(name: string, size: number, members: readonly [string, number, number][]): number {
    const words = members.flatMap(([member, type, offset]) => [
      this.name(member),
      type,
      offset * 8,
    ]);
    return this.add(4, name, members.length, size, words);
  }
  prototype(result: number, parameters: readonly number[]): number {
    const words = parameters.flatMap((type) => [0, type]);
    return this.add(13, '', parameters.length, result, words);
  }

  get bytes(): Buffer {
    const types = Buffer.concat(this.#types);
    const strings = this.#strings.bytes;
    const head = Buffer.alloc(24);
    head.writeUInt16LE(0xeb9f, 0);
    head[2] = 1;
    [24, 0, types.length, types.length, strings.length].forEach((word, i) => {
      head.writeUInt32LE(word, 4 + i * 4);
    });
    return Buffer.concat([head, types, strings]);
  }
}

/** A kernel's types: three structs with a release method, two of them of one size. */
export function writeKernelTypes() {
  const btf = new BtfWriter();
  const kobject = btf.struct('kobject', 64, []);
  const device = btf.struct('device', 700, []);
  const charPointer = btf.pointer(btf.constant(btf.int('char', 1)));
  const releaseOf = (of: number): number => btf.pointer(btf.prototype(0, [btf.pointer(of)]));
  const releaseKobject = releaseOf(kobject);
  const releaseDevice = releaseOf(device);
  btf.struct('kobj_type', 48, [
    ['release', releaseKobject, 0],
    ['sysfs_ops', btf.pointer(0), 8],
  ]);
  btf.struct('device_type', 48, [
    ['name', charPointer, 0],
    ['release', releaseDevice, 40],
  ]);
  btf.struct('class', 96, [
    ['name', charPointer, 0],
    ['dev_release', releaseDevice, 56],
  ]);
  return { btf, kobject, device };
}

/** What a module is made of, for {@link writeModule}. */
export interface WrittenModule {
  readonly release?: string;
  readonly machine?: number;
  /** Functions in .text, 16 bytes each; null: its type data does not know it. */
  readonly functions: Readonly<Record<string, 'kobject' | 'device' | null>>;
  readonly variables: readonly {
    readonly name: string;
    readonly size: number;
    /** Stored addresses: at an offset that of a function, or of something imported. */
    readonly points: Readonly<Record<number, string>>;
    /** Another type of relocation than that of a 64-bit address. */
    readonly relocation?: number;
  }[];
  readonly imports?: readonly string[];
  /** `none`: it has no type data. */
  readonly types?: 'split' | 'none';
}

const text = { type: 1, flags: 2 | 4 } as const;
const data = { type: 1, flags: 2 | 1 } as const;

/** A module, and the kernel's type data that its own is split from. */
export function writeModule(module: WrittenModule): { readonly ko: Buffer; readonly base: Buffer } {
  const { btf: base, kobject, device } = writeKernelTypes();
  const btf = new BtfWriter(base);
  const names = Object.keys(module.functions);
  for (const [name, of] of Object.entries(module.functions)) {
    if (of === null) continue;
    const parameter = btf.pointer(of === 'kobject' ? kobject : device);
    btf.func(name, btf.prototype(0, [parameter]));
  }
  let end = 0;
  const placed = module.variables.map((variable) => {
    const start = end;
    end += variable.size;
    return { ...variable, start };
  });
  const modinfo = `name=sample\0vermagic=${module.release ?? '6.12.0-test'} SMP mod_unload \0`;
  const ko = writeElf({
    ...(module.machine === undefined ? {} : { machine: module.machine }),
    sections: [
      { name: '.text', ...text, content: Buffer.alloc(16 * names.length) },
      { name: '.data', ...data, content: Buffer.alloc(end) },
      { name: '.modinfo', type: 1, flags: 2, content: Buffer.from(modinfo, 'latin1') },
      ...(module.types === 'none' ? [] : [{ name: '.BTF', type: 1, content: btf.bytes }]),
    ],
    symbols: [
      ...names.map(
        (name, i): WrittenSymbol => ({
          name,
          type: 'func',
          section: '.text',
          value: 16 * i,
          size: 16,
        }),
      ),
      ...placed.map(
        ({ name, start, size }): WrittenSymbol => ({
          name,
          type: 'object',
          section: '.data',
          value: start,
          size,
        }),
      ),
      ...(module.imports ?? []).map((name): WrittenSymbol => ({ name, type: 'none' })),
    ],
    addresses: placed.flatMap(({ start, points, relocation }) =>
      Object.entries(points).map(([offset, name]) => ({
        at: '.data',
        offset: start + Number(offset),
        to: '.text',
        addend: 16 * names.indexOf(name),
        ...(relocation === undefined ? {} : { type: relocation }),
      })),
    ),
  });
  return { ko, base: base.bytes };
}
