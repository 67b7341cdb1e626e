// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { holderOf, isKernels } from '../../../../harness/audit/live/holder.js';
import { goneMemory, placeOf } from '../../../../harness/audit/live/places.js';
import { isWorthTrying } from '../../../../harness/campaign/audit/untainted.js';
import type { Observation } from '../../../../harness/model/audit.js';
import type { GuestRecord } from '../../../../harness/model/record.js';

const records: GuestRecord[] = [
  { kind: 'module', us: 1, name: 'a', size: 8192, refcount: 0, address: 'c0001000', taint: '' },
  { kind: 'section', us: 1, module: 'a', name: '.text', address: 'c0001000' },
  { kind: 'section', us: 1, module: 'a', name: '.data', address: 'c0009000' },
  { kind: 'section', us: 1, module: 'stays', name: '.text', address: 'c0005000' },
  { kind: 'unloaded', us: 2, visit: 0, module: 'a', error: 0, refcount: -1, waited: 0, ms: 1 },
  { kind: 'unloaded', us: 2, visit: 0, module: 'stays', error: 11, refcount: 1, waited: 0, ms: 1 },
];

describe('an address of a module that is gone', () => {
  const memory = goneMemory(records, (module) =>
    module === 'a'
      ? [
          {
            name: '.text',
            size: 0x80,
            symbols: [
              { name: 'f', offset: 0 },
              { name: 'g', offset: 0x40 },
            ],
          },
        ]
      : null,
  );
  const at = (address: bigint) => placeOf(memory, address);

  it('is named by the symbol before it', () => {
    expect(at(0xc0001000n)).toEqual({ module: 'a', offset: 0, symbol: 'f+0x0' });
    expect(at(0xc0001044n)).toEqual({ module: 'a', offset: 0x44, symbol: 'g+0x4' });
  });

  it('ends with its section, whose size the file tells', () => {
    expect(at(0xc000107fn)).toMatchObject({ symbol: 'g+0x3f' });
    expect(at(0xc0001080n)).toBeNull();
  });

  it('is named by its section where the file is not known', () => {
    expect(at(0xc0009010n)).toEqual({ module: 'a', offset: 0x8010, symbol: '[.data]+0x10' });
  });

  it('is in no module that is still there', () => {
    expect(at(0xc0005000n)).toBeNull();
  });
});

describe('who would have to hold it', () => {
  const plain = new Map<string, string>();
  const debug = new Map([['DEBUG_KOBJECT_RELEASE', 'y']]);

  it.each(['rcu-callback', 'timer', 'work', 'thread'] as const)('%s: the kernel', (fault) => {
    expect(holderOf(fault, plain).is).toBe('kernel');
    expect(holderOf(fault, debug).is).toBe('kernel');
  });

  it('the debug option puts the release of every object off', () => {
    expect(holderOf('ktype', plain).is).toBe('helper');
    expect(holderOf('ktype', debug).is).toBe('debug-option');
  });

  it('only what the kernel does by itself is tried without a module of ours', () => {
    const seen = (more: Partial<Observation>): Observation => ({
      fault: 'ktype',
      word: 'reachable',
      what: 'x',
      place: { module: 'a', offset: 0 },
      holder: { is: 'helper' },
      proof: null,
      ...more,
    });
    expect(isKernels({ is: 'short', who: 'x' })).toBe(false);
    expect(isWorthTrying(seen({}))).toBe(false);
    expect(isWorthTrying(seen({ holder: { is: 'debug-option' } }))).toBe(true);
    expect(isWorthTrying(seen({ word: 'pending', holder: { is: 'kernel', who: 'x' } }))).toBe(true);
    expect(isWorthTrying(seen({ word: 'waits' }))).toBe(false);
  });
});
