// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { readBoot } from '../../../harness/evidence/boot.js';

const boot = (address: string): string =>
  [
    { kind: 'module', us: 1, name: 'dm_mod', size: 8192, refcount: 0, address, taint: '' },
    { kind: 'ready', us: 2, commands: 'trial' },
  ]
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('');

describe('readBoot', () => {
  it('reads records, what is wrong with them, and where dm_mod lies', () => {
    const read = readBoot(`${boot('c000')}torn`, 'dm_mod');
    expect(read.records.map(({ kind }) => kind)).toEqual(['module', 'ready']);
    expect(read.problems).toEqual(['record line 3: not JSON']);
    expect(read.layout.text).toEqual({ start: 0xc000n, end: 0xe000n });
  });

  it('tells what is asked about apart, in one boot', () => {
    expect(readBoot(boot('d000'), 'dm_mod').layout.text?.start).toBe(0xd000n);
    expect(readBoot(boot('d000'), 'loop').layout).toMatchObject({ module: 'loop', text: null });
  });

  it('tells boots apart, however many there were', () => {
    const addresses = Array.from({ length: 20 }, (_, index) => 0x1000 * (index + 1));
    for (const address of [...addresses, ...addresses]) {
      expect(readBoot(boot(address.toString(16)), 'dm_mod').layout.text?.start).toBe(
        BigInt(address),
      );
    }
  });
});
