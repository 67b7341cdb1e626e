// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelTypes } from '../../../../harness/audit/static/layout.js';
import { memberName } from '../../../../harness/audit/static/methods.js';
import { type AuditedKernel, readModule } from '../../../../harness/audit/static/module.js';
import { Btf } from '../../../../harness/btf/btf.js';
import { type WrittenModule, writeElf, writeModule } from '../../../support/ko.js';

const RELEASE = '6.12.0-test';

/** Reads a module as one of the kernel that its type data is split from. */
function read(module: WrittenModule, change: Partial<AuditedKernel> = {}) {
  const { ko, base } = writeModule(module);
  const types = kernelTypes(new Btf(base));
  return readModule(ko, { release: RELEASE, machine: 62, types, ...change });
}

const signs = (...given: Parameters<typeof read>) => {
  const reading = read(...given);
  expect(reading).toMatchObject({ is: 'module', name: 'sample' });
  return reading.is === 'module' ? reading.signs : [];
};

const method = (member: string, variable: string, to: string, word = 'listed') => ({
  is: 'method',
  word,
  member,
  variable,
  method: to,
});

const ktype = { name: 'sample_ktype', size: 48, points: { 0: 'free_it' } };

describe('a module that is never unloaded', () => {
  const imports = ['call_rcu'];
  it.each([
    ['has an init function and no exit function', { init_module: null }, 0],
    ['has both', { init_module: null, cleanup_module: null }, 2],
    ['has neither, as a library', {}, 2],
  ] as const)('%s', (_, functions, count) => {
    const module = {
      functions: { free_it: 'kobject' as const, ...functions },
      variables: [ktype],
      imports,
    };
    expect(signs(module)).toHaveLength(count);
  });
});

describe('the sound route', () => {
  it('lists a method by size, offset and prototype, whatever its name', () => {
    expect(signs({ functions: { free_it: 'kobject' }, variables: [ktype] })).toEqual([
      method('kobj_type.release', 'sample_ktype', 'free_it'),
    ]);
  });

  it('tells structs of one size apart', () => {
    const variables = [
      { name: 'a', size: 48, points: { 40: 'b' } },
      { name: 'c', size: 96, points: { 56: 'b' } },
    ];
    expect(signs({ functions: { first: 'kobject', b: 'device' }, variables })).toEqual([
      method('device_type.release', 'a', 'b'),
      method('class.dev_release', 'c', 'b'),
    ]);
  });

  it.each([
    ['another size', { ...ktype, size: 56 }, 'kobject'],
    ['another offset', { ...ktype, points: { 8: 'free_it' } }, 'kobject'],
    ['another prototype', ktype, 'device'],
    ['a relocation that is no address (R_X86_64_PC64)', { ...ktype, relocation: 24 }, 'kobject'],
    ['somebody else’s function', { ...ktype, points: {} }, 'kobject'],
  ] as const)('lists nothing of %s', (_, variable, of) => {
    expect(signs({ functions: { free_it: of }, variables: [variable] })).toEqual([]);
  });

  it('reads arm64', () => {
    const module: WrittenModule = {
      machine: 183,
      functions: { free_it: 'kobject' },
      variables: [ktype],
    };
    expect(signs(module, { machine: 183 })).toHaveLength(1);
  });

  it('says which methods a kernel does not have', () => {
    const { base } = writeModule({ functions: {}, variables: [] });
    const { absent } = kernelTypes(new Btf(base));
    expect(absent.map(memberName)).toContain('class.class_release');
    expect(absent.map(memberName)).not.toContain('class.dev_release');
  });
});

describe('the weaker route', () => {
  const named = { functions: { sample_release: null, other: null } } as const;
  const variables = [
    { name: 'sample_ktype', size: 48, points: { 0: 'sample_release', 8: 'other' } },
  ];

  it('goes by size, offset and names where the module does not know the function’s type', () => {
    for (const types of ['split', 'none'] as const) {
      expect(signs({ ...named, variables, types })).toEqual([
        method('kobj_type.release', 'sample_ktype', 'sample_release', 'hint'),
      ]);
    }
    const wrong = [{ name: 'sample_ktype', size: 56, points: { 0: 'sample_release' } }];
    expect(signs({ ...named, variables: wrong, types: 'none' })).toEqual([]);
  });

  it('goes by names alone where the kernel has no type data', () => {
    const anySize = [{ name: 'sample_ktype', size: 56, points: { 16: 'sample_release' } }];
    expect(signs({ ...named, variables: anySize }, { types: null })).toEqual([
      method('kobj_type.release', 'sample_ktype', 'sample_release', 'hint'),
    ]);
    const unlike = [{ name: 'sample_ktype', size: 48, points: { 0: 'other' } }];
    expect(signs({ ...named, variables: unlike }, { types: null })).toEqual([]);
  });
});

describe('what is no module of this kernel', () => {
  const good: WrittenModule = { functions: { free_it: 'kobject' }, variables: [ktype] };

  it.each([
    [
      'another kernel’s',
      read({ ...good, release: '6.1.0-56-amd64' }),
      'is a module of 6.1.0-56-amd64, not of 6.12.0-test',
    ],
    [
      'another architecture’s',
      read({ ...good, machine: 183 }),
      'is for e_machine 183, the kernel’s is 62',
    ],
    [
      'no object file',
      readModule(writeElf({ type: 2, sections: [] }), kernel()),
      'is an ELF file, but no object file',
    ],
    ['no module', readModule(writeElf({ sections: [] }), kernel()), 'without vermagic'],
    ['no ELF file', readModule(Buffer.from('#!/bin/sh\n'), kernel()), 'is no ELF file'],
  ])('says so of %s', (_, reading, why) => {
    expect(reading).toMatchObject({ is: 'unreadable', why: expect.stringContaining(why) });
  });

  it('takes a module of any release where the kernel’s is not known', () => {
    expect(read({ ...good, release: '5.10' }, { release: null })).toMatchObject({ is: 'module' });
  });

  it('ends with a value for every damaged file', () => {
    const { ko, base } = writeModule({ ...good, imports: ['call_rcu'] });
    const types = kernelTypes(new Btf(base));
    fc.assert(
      fc.property(fc.nat(ko.length - 1), fc.nat(255), fc.nat(ko.length), (at, value, length) => {
        const damaged = Buffer.from(ko);
        damaged[at] = value;
        for (const bytes of [damaged, ko.subarray(0, length)]) {
          const { is } = readModule(bytes, { release: null, machine: 62, types });
          expect(['module', 'unreadable']).toContain(is);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function kernel(): AuditedKernel {
  return { release: RELEASE, machine: 62, types: null };
}
