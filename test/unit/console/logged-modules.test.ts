// SPDX-License-Identifier: MIT
// Addresses in unloaded modules, named by what the log itself shows of /proc/modules.
import { describe, expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';
import { readCases } from './support.js';

const [old = '', split = ''] = readCases('unloaded.log').map(({ log }) => log);
const fetched = { is: 'gone', module: 'late', symbol: '', how: 'fetch' };
const of = (log: string) => scanConsole(log)[0];

describe('an instruction in a module that was listed and is gone', () => {
  test.each([
    ['6.1: all of its memory lies together', old, '0x5 [unloaded late]'],
    ['6.12: its text lies apart', split, '0x10 [unloaded late]'],
  ])('%s', (_, log, resolved) => {
    expect(of(log)).toMatchObject({ touched: fetched, resolved });
  });

  test('the last listing of a module counts', () => {
    const moved = old.replace(/^late .*$/m, 'late 16384 0 - Live 0xffffffffc0600000 (OE)\n$&');
    expect(of(moved)).toMatchObject({ resolved: '0x5 [unloaded late]' });
  });

  test('memory that was read is named too', () => {
    const read = old
      .replace(/instruction fetch/, 'read access')
      .replace(/RIP: 0010:0xffffffffc060d005/g, 'RIP: 0010:demo_read+0x5/0x10');
    expect(of(read)).toMatchObject({
      touched: { ...fetched, how: 'access' },
      resolvedFault: '0x5 [unloaded late]',
    });
  });
});

describe('nothing is named', () => {
  test.each([
    [
      'of a module that is still there',
      (log: string) => log.replace('linked in: tun', 'linked in: late(OE) tun'),
    ],
    [
      'without the list of what is there',
      (log: string) => log.replace(/^.*Modules linked in:.*\n/m, ''),
    ],
    [
      'without addresses',
      (log: string) => log.replace(/ Live 0x[0-9a-f]+/g, ' Live 0x0000000000000000'),
    ],
    ['outside of what was listed', (log: string) => log.replace(/^late 16384/m, 'late 4')],
    [
      'where another module begins',
      (log: string) => log.replace(/^tun .*$/m, 'tun 61440 0 - Live 0xffffffffc060d002'),
    ],
    [
      'of another boot',
      (log: string) =>
        log.replace(/^.*BUG: unable/m, '[    0.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP\n$&'),
    ],
  ])('%s', (_, change) => {
    expect(change(old)).not.toBe(old);
    expect(of(change(old))).toMatchObject({ touched: { is: 'unknown' } });
    expect(of(change(old))).not.toHaveProperty('resolved');
  });

  test('by the log where a layout was recorded', () => {
    const [finding] = scanConsole(old, { modules: [] });
    expect(finding).not.toHaveProperty('resolved');
  });

  test('of a log by the one before it', () => {
    const list = /^late .*$/m.exec(old)?.[0] ?? '';
    expect(list).not.toBe('');
    expect(of(old.replace(list, ''))).not.toHaveProperty('resolved');
  });
});

test('a list of modules that goes on in the next line is read whole', () => {
  const wrapped = old.replace(
    /^(.*)Modules linked in: (.*)$/m,
    '$1Modules linked in: tun dummy\n$1 late(OE) loop [last unloaded: other(OE)]',
  );
  expect(wrapped).not.toBe(old);
  expect(of(wrapped)).not.toHaveProperty('resolved');
});
