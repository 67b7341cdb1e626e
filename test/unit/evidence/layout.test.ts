// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  addressIn,
  layoutOf,
  nameInModule,
  provenanceOf,
} from '../../../harness/evidence/layout.js';
import { capture, recordsOfTrial } from '../judge/support.js';

const records = recordsOfTrial(capture('in-module'));
const layout = layoutOf(records, 'dm_mod');
const METHOD = 'dm_kobject_release';

describe('the layout of the real control', () => {
  it('has dm_mod where /proc/modules said', () => {
    const module = records.find((r) => r.kind === 'module' && r.name === 'dm_mod');
    if (module?.kind !== 'module') throw new Error('no record');
    expect(layout.text?.start).toBe(BigInt(`0x${module.address}`));
    expect(layout.text?.end).toBe(BigInt(`0x${module.address}`) + BigInt(module.size));
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
    expect(nameInModule(layout, 0xffffffffc023389en)).toBe('dm_kobject_release+0xe [dm_mod]');
    expect(nameInModule(layout, 0xffffffffc0233890n)).toBe('dm_kobject_release+0x0 [dm_mod]');
    expect(nameInModule(layout, 0xffffffff81765910n)).toBeNull();
    const { start = 0n, end = 0n } = layout.text ?? {};
    expect(nameInModule(layout, start - 1n)).toBeNull();
    expect(nameInModule(layout, end)).toBeNull();
    expect(nameInModule(layout, end - 1n)).not.toBeNull();
  });
});

describe('a module in several regions', () => {
  // From debian:sid, 7.2.13+deb14-cloud-amd64, 25 November 2026: the records of dm_mod's place, its
  // neighbour's, and four of its sections.
  const module = { kind: 'module', us: 1, refcount: 0, taint: '' } as const;
  const section = { kind: 'section', us: 1, module: 'dm_mod' } as const;
  const sid = layoutOf(
    [
      { ...module, name: 'dmrace_helper', size: 16384, address: 'ffffffffc0419000' },
      { ...module, name: 'dm_mod', size: 229376, address: 'ffffffffc0400000' },
      { ...section, name: '.text', address: 'ffffffffc0400000' },
      { ...section, name: '.data', address: 'ffffffffc02021c0' },
      { ...section, name: '.rodata', address: 'ffffffffc0212400' },
      { ...section, name: '.init.data', address: 'ffffffffc0223000' },
    ],
    'dm_mod',
  );

  it('ends its text where the next module begins', () => {
    expect(sid.text).toEqual({ start: 0xffffffffc0400000n, end: 0xffffffffc0419000n });
  });

  it('has its data where its sections are, and nothing that the load has freed', () => {
    const holds = (at: bigint): boolean => sid.data.some((r) => r.start <= at && at < r.end);
    expect(holds(0xffffffffc0212630n)).toBe(true); // what disk_release() read there
    expect(holds(0xffffffffc02021c8n)).toBe(true);
    expect(holds(0xffffffffc0223000n)).toBe(false);
    expect(holds(0xffffffffc0400010n)).toBe(false);
  });

  it('never counts a page of the text as data, on 6.1 either', () => {
    const { start = 0n, end = 0n } = layout.text ?? {};
    expect(layout.data.every((r) => r.end <= start || r.start >= end)).toBe(true);
  });
});

describe('without records', () => {
  it('there is no layout and no provenance', () => {
    const empty = layoutOf([], 'dm_mod');
    expect(empty).toMatchObject({ symbols: [], module: 'dm_mod', text: null });
    expect(nameInModule(empty, 0xffffffffc023389en)).toBeNull();
    expect(provenanceOf([], empty, METHOD, null)).toBeNull();
  });
  it('an address that is none has no name', () => {
    const hold = records.filter((r) => r.kind === 'hold').map((r) => ({ ...r, release: '(null)' }));
    expect(provenanceOf(hold, layout, METHOD, 'zzz')).toEqual({
      release: '(null)',
      symbol: '',
      module: '',
      returnsTo: 'zzz [vmlinux or another module]',
    });
  });
});

describe('an address of one guest in another', () => {
  // The same module a page lower in its text and two higher in its data, as another boot may have it.
  const module = { kind: 'module', us: 1, refcount: 0, taint: '', name: 'dm_mod' } as const;
  const section = { kind: 'section', us: 1, module: 'dm_mod' } as const;
  const at = (text: string, rodata: string) =>
    layoutOf(
      [
        { ...module, size: 0x19000, address: text },
        { ...section, name: '.text', address: text },
        { ...section, name: '.rodata', address: rodata },
      ],
      'dm_mod',
    );
  const then = at('ffffffffc0400000', 'ffffffffc0212400');
  const now = at('ffffffffc03ff000', 'ffffffffc0214400');

  it('moves with dm_mod’s text and with its data', () => {
    expect(addressIn(now, then, 0xffffffffc040ddden)).toBe(0xffffffffc040cdden);
    expect(addressIn(now, then, 0xffffffffc0212630n)).toBe(0xffffffffc0214630n);
    expect(addressIn(then, now, 0xffffffffc040cdden)).toBe(0xffffffffc040ddden);
  });

  it('stays where it is in vmlinux, in the same guest, and where nothing is known', () => {
    expect(addressIn(now, then, 0xffffffff81765910n)).toBe(0xffffffff81765910n);
    expect(addressIn(then, then, 0xffffffffc040ddden)).toBe(0xffffffffc040ddden);
    expect(addressIn(layoutOf([], 'dm_mod'), then, 0xffffffffc040ddden)).toBe(0xffffffffc040ddden);
  });
});
