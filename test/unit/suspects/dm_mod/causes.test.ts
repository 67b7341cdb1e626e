// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import {
  type ModuleText,
  parseSymbolMap,
  SymbolTable,
  scanConsole,
} from '../../../../harness/console/index.js';
import { readCases } from '../../console/support.js';

const dm: ModuleText = {
  module: 'dm_mod',
  start: 'ffffffffa0000000',
  end: 'ffffffffa0020000',
  unloaded: true,
  symbols: [
    { name: 'dm_put', address: 'ffffffffa0001000' },
    { name: 'dm_kobject_release', address: 'ffffffffa000cf70' },
    { name: 'dm_next', address: 'ffffffffa000cfa0' },
  ],
};
const context = { modules: [dm] };
const race = readCases('race.log')[0]?.log ?? '';

test('the race: an instruction fetch in the unloaded dm_kobject_release', () => {
  const [finding] = scanConsole(race, context);
  expect(finding).toMatchObject({
    cause: 'release-in-unloaded-text',
    resolved: 'dm_kobject_release+0x19 [unloaded dm_mod]',
    task: 'holder',
    pid: 66,
    instructionFetch: true,
  });
});

test('the same crash is of another cause when nothing was recorded, when dm_mod is there, or in another function', () => {
  expect(scanConsole(race)[0]?.cause).toBe('other');
  expect(scanConsole(race, { modules: [{ ...dm, unloaded: false }] })[0]?.cause).toBe('other');
  expect(scanConsole(race.replaceAll('a000cf89', 'a000cfa4'), context)[0]?.cause).toBe('other');
});

test.each(['int3: 0000', 'Oops: int3: 0000', 'invalid opcode: 0000'])(
  'poisoned text: %s',
  (trap) => {
    const log = `[   20.0] x\n[   20.000000] ${trap} [#1] PREEMPT SMP\n[   20.000001] RIP: 0010:0xffffffffa000cf8a\n`;
    expect(scanConsole(log, context)[0]).toMatchObject({ cause: 'release-in-unloaded-text' });
  },
);

test('poisoned text for real: the trap is one byte before the counter (Debian 7.2.13)', () => {
  // The method is 0x13 bytes long. The next symbol is put right behind it (it really was at f27): the
  // printed counter alone would name that one.
  const sid: ModuleText = {
    module: 'dm_mod',
    start: 'ffffffffc0400000',
    end: 'ffffffffc0417000',
    unloaded: true,
    symbols: [
      { name: 'dm_kobject_release', address: 'ffffffffc0415f10' },
      { name: 'dm_submit_bio.cold', address: 'ffffffffc0415f23' },
    ],
  };
  const log = readCases('race.log')[1]?.log ?? '';
  const found = scanConsole(log, { modules: [sid] });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({
    kind: 'exception',
    title: 'int3 in dm_kobject_release',
    cause: 'release-in-unloaded-text',
    address: 'ffffffffc0415f23',
    resolved: 'dm_kobject_release+0x12 [unloaded dm_mod]',
    task: 'dmrace-guest',
    pid: 128,
  });
  // Lines that a loaded machine's serial port swallowed, up to the repeated RIP at the end.
  const torn = log
    .replace(/Hardware name(.|\n)*?(?=\[[ \d.]+\] RSP:)/, '')
    .replace(/^.*\? .*\n/gm, '');
  expect(scanConsole(torn)[0]?.title).toBe('int3 in corrupted');
  expect(scanConsole(torn, { modules: [sid] })[0]?.title).toBe('int3 in dm_kobject_release');
  const loaded = scanConsole(log, { modules: [{ ...sid, unloaded: false }] });
  expect(loaded[0]).toMatchObject({ cause: 'other', title: 'int3 in helper_ioctl' });
});

test('arm64: the fetch is told by the exception class and by pc', () => {
  const log = [
    'Unable to handle kernel paging request at virtual address ffffffffa000cf88',
    'Internal error: Oops: 0000000086000007 [#1] PREEMPT SMP',
    'pc : 0xffffffffa000cf88',
    'lr : kobject_put+0x5c/0x100',
    'Call trace:',
    ' 0xffffffffa000cf88',
    ' holder_demo_ioctl+0x30/0x60 [dmhold]',
  ].join('\n');
  expect(scanConsole(log, context)).toHaveLength(1);
  expect(scanConsole(log, context)[0]).toMatchObject({
    cause: 'release-in-unloaded-text',
    resolved: 'dm_kobject_release+0x18 [unloaded dm_mod]',
  });
});

const disk = (fault: string): string =>
  [
    `BUG: unable to handle page fault for address: ${fault}`,
    '#PF: supervisor read access in kernel mode',
    '#PF: error_code(0x0000) - not-present page',
    'Oops: 0000 [#1] PREEMPT SMP NOPTI',
    'RIP: 0010:disk_release+0x4c/0x90',
    `CR2: ${fault}`,
    'Call Trace:',
    ' device_release+0x30/0x90',
    ' kobject_put+0x75/0x1e0',
    ' kobject_put+0x8b/0x1e0',
    '---[ end trace 0000000000000000 ]---',
  ].join('\n');

test('the second bug: disk_release reads the unloaded dm_mod', () => {
  expect(scanConsole(disk('ffffffffa0012340'), context)[0]?.cause).toBe('disk-release-fops');
  expect(scanConsole(disk('ffffffffa0012340'))[0]?.cause).toBe('disk-release-fops');
  expect(scanConsole(disk('ffff888001234567'), context)[0]?.cause).toBe('other');
});

test('System.map names addresses', () => {
  const table = new SymbolTable(
    parseSymbolMap(
      'ffffffff81000000 T _stext\nffffffff81000100 t foo\nnot a symbol\nffffffffc0000000 t bar\t[demo]\n',
    ),
  );
  expect(table.name('ffffffff81000104')).toBe('foo+0x4');
  expect(table.name('ffffffffc0000010')).toBe('bar+0x10 [demo]');
  expect(table.name(1n)).toBeUndefined();
});
