// SPDX-License-Identifier: MIT
// What a crash did to a module that was gone: a neutral fact, for the suspects' rules to judge.
import { describe, expect, test } from 'vitest';
import {
  type ModuleText,
  parseSymbolMap,
  SymbolTable,
  scanConsole,
} from '../../../harness/console/index.js';
import type { Touched } from '../../../harness/model/finding.js';
import { diskRelease, readCases } from './support.js';

const demo: ModuleText = {
  module: 'demo',
  start: 'ffffffffa0000000',
  end: 'ffffffffa0020000',
  unloaded: true,
  symbols: [
    { name: 'demo_put', address: 'ffffffffa0001000' },
    { name: 'demo_release', address: 'ffffffffa000cf70' },
    { name: 'demo_next', address: 'ffffffffa000cfa0' },
  ],
};
const context = { modules: [demo] };
const race = readCases('race.log')[0]?.log ?? '';
const touched = (log: string, modules: readonly ModuleText[] = [demo]): Touched | undefined =>
  scanConsole(log, { modules })[0]?.touched;
const fetched = (symbol: string): Touched => ({ is: 'gone', module: 'demo', symbol, how: 'fetch' });

describe('an instruction fetch', () => {
  test('in a module that is gone is named by what lay there', () => {
    const [finding] = scanConsole(race, context);
    expect(finding).toMatchObject({
      touched: fetched('demo_release'),
      resolved: 'demo_release+0x19 [unloaded demo]',
      instructionFetch: true,
    });
    expect(finding).not.toHaveProperty('cause');
  });

  test('is of the function at its address, whatever that is called', () => {
    expect(touched(race.replaceAll('a000cf89', 'a000cfa4'))).toEqual(fetched('demo_next'));
  });

  test('is nobody’s where nothing was recorded, or the module is there', () => {
    expect(scanConsole(race)[0]?.touched).toEqual({ is: 'unknown' });
    const [loaded] = scanConsole(race, { modules: [{ ...demo, unloaded: false }] });
    expect(loaded).toMatchObject({
      touched: { is: 'unknown' },
      resolved: 'demo_release+0x19 [demo]',
    });
  });

  test('before the first symbol has none', () => {
    const [finding] = scanConsole(race.replaceAll('a000cf89', 'a0000010'), context);
    expect(finding?.touched).toEqual(fetched(''));
    expect(finding?.resolved).toBe('0x10 [unloaded demo]');
  });

  test.each(['int3: 0000', 'Oops: int3: 0000', 'invalid opcode: 0000'])(
    'of text that is poisoned: %s',
    (trap) => {
      const log = `[   20.0] x\n[   20.000000] ${trap} [#1] PREEMPT SMP\n[   20.000001] RIP: 0010:0xffffffffa000cf8a\n`;
      expect(touched(log)).toEqual(fetched('demo_release'));
    },
  );

  test('that trapped is one byte before the counter that is printed', () => {
    const at = (trap: string): Touched | undefined =>
      touched(
        `[   20.000000] ${trap}: 0000 [#1] PREEMPT SMP\n[   20.000001] RIP: 0010:0xffffffffa000cfa0\n`,
      );
    expect(at('int3')).toEqual(fetched('demo_release'));
    expect(at('invalid opcode')).toEqual(fetched('demo_next')); // a fault: its own address
  });

  test('on arm64 is told by the exception class and by pc', () => {
    const log = [
      'Unable to handle kernel paging request at virtual address ffffffffa000cf88',
      'Internal error: Oops: 0000000086000007 [#1] PREEMPT SMP',
      'pc : 0xffffffffa000cf88',
      'lr : kobject_put+0x5c/0x100',
      'Call trace:',
      ' 0xffffffffa000cf88',
      ' holder_demo_ioctl+0x30/0x60 [dmhold]',
    ].join('\n');
    expect(touched(log)).toEqual(fetched('demo_release'));
  });
});

describe('an access', () => {
  test('of memory of a module that is gone is named by what lay there', () => {
    const [finding] = scanConsole(diskRelease('ffffffffa0001040'), context);
    expect(finding).toMatchObject({
      touched: { is: 'gone', module: 'demo', symbol: 'demo_put', how: 'access' },
      resolvedFault: 'demo_put+0x40 [unloaded demo]',
    });
  });

  test('of other memory is elsewhere, and unknown where no module was unloaded', () => {
    expect(touched(diskRelease('ffff888001234567'))).toEqual({ is: 'elsewhere' });
    expect(touched(diskRelease('ffffffffa0001040'), [])).toEqual({ is: 'unknown' });
    expect(touched(diskRelease('ffffffffa0001040'), [{ ...demo, unloaded: false }])).toEqual({
      is: 'unknown',
    });
  });

  test('whose address was not printed is unknown', () => {
    const log = [
      'general protection fault: 0000 [#1] PREEMPT SMP NOPTI',
      'RIP: 0010:disk_release+0x4c/0x90',
      'Call Trace:',
      ' kobject_put+0x75/0x1e0',
      '---[ end trace 0000000000000000 ]---',
    ].join('\n');
    expect(scanConsole(log, context)).toMatchObject([{ kind: 'gpf', touched: { is: 'unknown' } }]);
  });
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
