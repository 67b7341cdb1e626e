// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';
import { FIXTURES, readCases } from './support.js';

const stamped = (seconds: number, text: string): string =>
  `[${seconds.toFixed(6).padStart(12)}] ${text}`;

/** What the watchdog prints of a CPU: kernel/watchdog.c, watchdog_timer_fn(). */
const lockup = (cpu: number, seconds: number, stuck = 22): string[] =>
  [
    `watchdog: BUG: soft lockup - CPU#${cpu} stuck for ${stuck}s! [sh:${cpu}]`,
    'Modules linked in:',
    `CPU: ${cpu} PID: ${cpu} Comm: sh Not tainted 6.1.0 #1`,
    'RIP: 0010:demo_spin+0x10/0x20',
    'Call Trace:',
    ' demo_loop+0x1/0x2',
    ' vfs_write+0x1/0x2',
  ].map((text) => stamped(seconds, text));
const other = (seconds: number): string => stamped(seconds, 'eth0: link becomes ready');
const bare = (lines: readonly string[]): string[] => lines.map((l) => l.replace(/^\[.*?\] /, ''));
const count = (lines: readonly string[]): number => scanConsole(`${lines.join('\n')}\n`).length;

describe('soft lockups', () => {
  test.each([
    [
      'of three CPUs at the same time are one incident',
      1,
      [...lockup(0, 30), ...lockup(1, 30.1), ...lockup(2, 41)],
    ],
    [
      'of three CPUs one after another are three',
      3,
      [...lockup(0, 30), other(31), ...lockup(1, 90), other(91), ...lockup(2, 150)],
    ],
    [
      'of a CPU that stays stuck are one',
      1,
      [...lockup(0, 30), ...lockup(0, 53, 45), ...lockup(0, 76, 68)],
    ],
    ['of a CPU that went on in between are two', 2, [...lockup(0, 30), ...lockup(0, 80)]],
  ])('%s', (_, incidents, lines) => {
    expect(count(lines)).toBe(incidents);
  });

  test('without stamps, other lines in between say that the CPUs went on', () => {
    const between = [1, 2, 3].map(other);
    expect(count(bare([...lockup(0, 1), ...lockup(1, 1), ...lockup(2, 1)]))).toBe(1);
    expect(
      count(bare([...lockup(0, 1), ...between, ...lockup(1, 1), ...between, ...lockup(2, 1)])),
    ).toBe(3);
  });
});

describe('a log that has every line twice', () => {
  test('for real: earlyprintk kept beside the console (Debian 6.1.192, QEMU)', () => {
    const log = readFileSync(join(FIXTURES, 'doubled.log'), 'latin1');
    expect(scanConsole(log).map((f) => f.title)).toEqual(['kernel panic: sysrq triggered crash']);
  });

  test.each([
    'x86.log',
    'arch.log',
    'arm64.log',
    'checks.log',
    'locks.log',
    'stalls.log',
    'naming.log',
  ])('every report of %s counts once', (name) => {
    for (const { title, log } of readCases(name)) {
      const once = scanConsole(log);
      const lines = log.replace(/\n$/, '').split('\n');
      const twice = scanConsole(`${lines.flatMap((l) => [l, l]).join('\n')}\n`);
      expect(
        twice.map((f) => f.title),
        title,
      ).toEqual(once.map((f) => f.title));
    }
  });

  test('a function that calls itself stays in the trace as often as it is there', () => {
    const report = [
      'kernel BUG at a.c:1!',
      'RIP: 0010:demo+0x1/0x2',
      ' demo_rec+0x1/0x2',
      ' demo_rec+0x1/0x2',
    ];
    const once = scanConsole(report.map((l) => stamped(1, l)).join('\n'));
    expect(once[0]?.frames).toHaveLength(2);
    const twice = scanConsole(report.flatMap((l) => [stamped(1, l), stamped(1, l)]).join('\n'));
    expect(twice[0]?.frames).toHaveLength(2);
  });
});

describe('a head without a stamp in a log with stamps', () => {
  const head = 'BUG: kernel NULL pointer dereference, address: 0000000000000010';
  const boot = [1, 2, 3, 4, 5].map((s) => stamped(s, 'demo: all is well'));
  const report = [
    'Oops: 0000 [#1] SMP NOPTI',
    'RIP: 0010:demo+0x1/0x2',
    '---[ end trace 0 ]---',
  ].map((l) => stamped(6, l));

  test('belongs to the stamped report right below it', () => {
    const found = scanConsole([...boot, head, ...report].join('\n'));
    expect(found.map((f) => [f.line, f.kind])).toEqual([[6, 'null-deref']]);
  });
  test('does not hide one further down', () => {
    const found = scanConsole([...boot, head, ...boot, ...report].join('\n'));
    expect(found.map((f) => [f.line, f.kind])).toEqual([[12, 'oops']]);
  });
  test('is nothing by itself', () => {
    expect(scanConsole([...boot, head, ...boot].join('\n'))).toEqual([]);
  });
});
