// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { Btf } from '../../../harness/btf/btf.js';
import { bare, memberOf, pointedPrototype, sameType } from '../../../harness/btf/compare.js';
import { findBtf } from '../../../harness/btf/find.js';
import { prototypesOf } from '../../../harness/btf/functions.js';
import { BtfError, KIND } from '../../../harness/btf/kinds.js';
import { BtfWriter, writeKernelTypes } from '../../support/ko.js';

describe('Btf', () => {
  it('reads types, and those of a module split from a kernel', () => {
    const { btf: base, kobject } = writeKernelTypes();
    const own = new BtfWriter(base);
    const pointer = own.pointer(kobject);
    const prototype = own.prototype(0, [pointer]);
    own.func('sample_release', prototype);
    const kernel = new Btf(base.bytes);
    const module = new Btf(own.bytes, kernel);
    expect(module.start).toBe(kernel.end);
    expect(module.name(kobject)).toBe('kobject');
    expect(module.kind(pointer)).toBe(KIND.pointer);
    expect(module.parameters(prototype)).toEqual([pointer]);
    expect(prototypesOf(module)('sample_release')).toEqual([prototype]);
    expect(prototypesOf(module)('kobject')).toEqual([]);
    expect(module.name(0)).toBe('void');
  });

  it.each([
    ['no magic', (bytes: Buffer) => bytes.fill(0, 0, 2), 'has no magic'],
    ['too few bytes', (bytes: Buffer) => bytes.subarray(0, -1), 'is cut short'],
    ['a kind from later', (bytes: Buffer) => bytes.fill(31, 31, 32), 'has a type of kind 31'],
    // A struct of more members than there are bytes.
    ['a type that goes on', (bytes: Buffer) => bytes.fill(0xff, 28, 30), 'ends within type'],
  ])('refuses %s', (_, damage, message) => {
    const bytes = damage(Buffer.from(writeKernelTypes().btf.bytes));
    expect(() => new Btf(bytes)).toThrow(BtfError);
    expect(() => new Btf(bytes)).toThrow(message);
  });
});

describe('types of two files', () => {
  const a = new BtfWriter();
  const b = new BtfWriter();
  b.int('shifts the ids', 4);
  const build = (btf: BtfWriter, forward = false) => {
    const device = forward ? btf.forward('device') : btf.struct('device', 8, []);
    const plain = btf.prototype(0, [btf.pointer(device)]);
    const constant = btf.prototype(0, [btf.pointer(btf.constant(btf.typedef('dev_t', device)))]);
    const int = btf.prototype(btf.int('int', 4), [btf.pointer(device)]);
    const two = btf.prototype(0, [btf.pointer(device), btf.pointer(device)]);
    const other = btf.prototype(0, [btf.pointer(btf.struct('kobject', 8, []))]);
    return { plain, constant, int, two, other };
  };
  const left = build(a);
  const right = build(b, true);
  const [x, y] = [new Btf(a.bytes), new Btf(b.bytes)];

  it('are the same by name, through qualifiers, names and forward declarations', () => {
    expect(sameType(x, left.plain, y, right.plain)).toBe(true);
    expect(sameType(x, left.plain, y, right.constant)).toBe(true);
    expect(sameType(x, left.int, y, right.int)).toBe(true);
  });

  it('differ by struct, result and number of parameters', () => {
    for (const other of [right.other, right.int, right.two]) {
      expect(sameType(x, left.plain, y, other)).toBe(false);
    }
  });

  it('end where a damaged name stands for itself', () => {
    const loop = new BtfWriter();
    loop.typedef('me', 1);
    expect(() => bare(new Btf(loop.bytes), 1)).toThrow('stands for itself');
  });
});

describe('memberOf', () => {
  it('finds members of members, and of unnamed unions', () => {
    const btf = new BtfWriter();
    const release = btf.pointer(btf.prototype(0, []));
    const device = btf.struct('device', 24, [['release', release, 16]]);
    const unnamed = btf.struct('', 16, [['inner', release, 8]]);
    const outer = btf.struct('platform_device', 64, [
      ['name', btf.pointer(0), 0],
      ['dev', device, 24],
      ['', unnamed, 48],
    ]);
    const types = new Btf(btf.bytes);
    expect(memberOf(types, outer, 'dev.release')).toEqual({ offset: 40, type: release });
    expect(memberOf(types, outer, 'inner')).toEqual({ offset: 56, type: release });
    expect(memberOf(types, outer, 'dev.absent')).toBeNull();
    expect(memberOf(types, release, 'dev')).toBeNull();
    expect(pointedPrototype(types, release)).toBe(1);
    expect(pointedPrototype(types, outer)).toBeNull();
  });
});

describe('findBtf', () => {
  const large = new BtfWriter();
  for (let i = 0; i < 1200; i++) large.int(`type${i}`, 4);

  it('finds the type data of an image, and passes by what only begins like some', () => {
    const small = new BtfWriter();
    small.int('too few to be a kernel', 4);
    const image = Buffer.concat([
      Buffer.from('code'),
      large.bytes.subarray(0, 24),
      Buffer.alloc(100, 0xff),
      small.bytes,
      large.bytes,
      Buffer.from('more'),
    ]);
    expect(findBtf(image)?.end).toBe(1201);
  });

  it('finds nothing where there is none', () => {
    expect(findBtf(Buffer.alloc(1000))).toBeNull();
    expect(findBtf(large.bytes.subarray(0, 100))).toBeNull();
  });
});
