// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { layoutOf, nameInDmMod, provenanceOf } from '../../../harness/judge/layout.js';
import { capture, recordsOfTrial } from './support.js';

const records = recordsOfTrial(capture('in-module'));
const layout = layoutOf(records);

describe('the layout of the real control', () => {
  it('has dm_mod where /proc/modules said', () => {
    const module = records.find((r) => r.kind === 'module' && r.name === 'dm_mod');
    if (module?.kind !== 'module') throw new Error('no record');
    expect(layout.dmMod?.start).toBe(BigInt(`0x${module.address}`));
    expect(layout.dmMod?.end).toBe(BigInt(`0x${module.address}`) + BigInt(module.size));
  });

  it('has its symbols in ascending order, and vmlinux apart', () => {
    const addresses = layout.symbols.map((s) => s.address);
    expect(addresses).toEqual([...addresses].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(layout.symbols.length).toBeGreaterThan(200);
    expect(layout.vmlinux.get('dm_kobject_release')).toBe(0xffffffff81765910n);
    expect(layout.symbols.find((s) => s.name === 'dm_kobject_release')?.address).toBe(
      0xffffffffc0233890n,
    );
  });

  it('names addresses inside dm_mod only', () => {
    expect(nameInDmMod(layout, 0xffffffffc023389en)).toBe('dm_kobject_release+0xe [dm_mod]');
    expect(nameInDmMod(layout, 0xffffffffc0233890n)).toBe('dm_kobject_release+0x0 [dm_mod]');
    expect(nameInDmMod(layout, 0xffffffff81765910n)).toBeNull();
    const { start = 0n, end = 0n } = layout.dmMod ?? {};
    expect(nameInDmMod(layout, start - 1n)).toBeNull();
    expect(nameInDmMod(layout, end)).toBeNull();
    expect(nameInDmMod(layout, end - 1n)).not.toBeNull();
  });
});

describe('without records', () => {
  it('there is no layout and no provenance', () => {
    const empty = layoutOf([]);
    expect(empty).toMatchObject({ symbols: [], dmMod: null });
    expect(nameInDmMod(empty, 0xffffffffc023389en)).toBeNull();
    expect(provenanceOf([], empty, null)).toBeNull();
  });
  it('an address that is none has no name', () => {
    const hold = records.filter((r) => r.kind === 'hold').map((r) => ({ ...r, release: '(null)' }));
    expect(provenanceOf(hold, layout, 'zzz')).toEqual({
      release: '(null)',
      symbol: '',
      module: '',
      returnsTo: 'zzz [vmlinux or another module]',
    });
  });
});
