// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElfError } from '../../../harness/elf/error.js';
import { contentOf, readElf, relocationsOf, symbolsOf } from '../../../harness/elf/object.js';
import { writeElf } from '../../support/ko.js';

const file = writeElf({
  sections: [
    { name: '.text', type: 1, flags: 6, content: Buffer.from('code') },
    { name: '.data', type: 1, flags: 3, content: Buffer.alloc(16) },
    { name: '.bss', type: 8, flags: 3, content: Buffer.alloc(0) },
  ],
  symbols: [
    { name: 'call', type: 'func', section: '.text', value: 2, size: 2 },
    { name: 'elsewhere', type: 'none' },
  ],
  addresses: [{ at: '.data', offset: 8, to: '.text', addend: 2 }],
});

describe('readElf', () => {
  it('reads sections, symbols and relocations', () => {
    const elf = readElf(file);
    expect(elf).toMatchObject({ type: 1, machine: 62 });
    expect(elf.sections.map(({ name }) => name).slice(0, 4)).toEqual([
      '',
      '.text',
      '.data',
      '.bss',
    ]);
    expect(contentOf(elf, '.text')?.toString()).toBe('code');
    expect(contentOf(elf, '.bss')).toBeNull();
    const symbols = symbolsOf(elf);
    const index = Array.from({ length: symbols.count }, (_, i) => symbols.name(i)).indexOf('call');
    expect([
      symbols.type(index),
      symbols.section(index),
      symbols.value(index),
      symbols.size(index),
    ]).toEqual([2, 1, 2, 2]);
    const [table] = relocationsOf(elf, 2);
    expect([
      table?.count,
      table?.offset(0),
      table?.type(0),
      table?.symbol(0),
      table?.addend(0),
    ]).toEqual([1, 8, 1, 1, 2]);
    expect(relocationsOf(elf, 1)).toEqual([]);
  });

  it.each([
    [
      'is no ELF file',
      Buffer.from('not at all, however long this text may be: it is no object file'),
    ],
    ['is no ELF file', Buffer.alloc(3)],
    ['is cut short', file.subarray(0, -1)],
  ])('says that it %s', (message, bytes) => {
    expect(() => readElf(bytes)).toThrow(ElfError);
    expect(() => readElf(bytes)).toThrow(message);
  });

  it('refuses 32 bits and big-endian', () => {
    for (const [at, value] of [
      [4, 1],
      [5, 2],
    ] as const) {
      const other = Buffer.from(file);
      other[at] = value;
      expect(() => readElf(other)).toThrow('32 bits or of big-endian');
    }
  });

  it('throws nothing but ElfError for a damaged header', () => {
    fc.assert(
      fc.property(fc.nat(63), fc.nat(255), (at, value) => {
        const damaged = Buffer.from(file);
        damaged[at] = value;
        try {
          readElf(damaged);
        } catch (error) {
          if (!(error instanceof ElfError)) throw error;
        }
      }),
    );
  });
});
