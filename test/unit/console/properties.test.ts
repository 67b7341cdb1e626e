// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConsoleScanner, scanConsole } from '../../../harness/console/index.js';
import type { RawFinding } from '../../../harness/model/finding.js';
import { bytes, readCases, readCorpus } from './support.js';

const corpus = readCorpus();
const logs = [
  ...['x86.log', 'arch.log', 'checks.log', 'locks.log', 'silent.log']
    .flatMap(readCases)
    .map((c) => c.log),
  ...(typeof corpus === 'string'
    ? []
    : corpus.filter((r) => r.log.length < 20_000).map((r) => r.log)),
];

/** Scans a log that comes in pieces of these sizes, over and over. */
function inPieces(log: Uint8Array, sizes: readonly number[]): RawFinding[] {
  const scanner = new ConsoleScanner();
  const found: RawFinding[] = [];
  for (let at = 0, i = 0; at < log.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    found.push(...scanner.push(log.subarray(at, at + size)));
    at += size;
  }
  return [...found, ...scanner.end()];
}

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });

test('random bytes never make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4000 }), (log) => Array.isArray(scanConsole(log))),
    { numRuns: 300 },
  );
});

test('how the log is split never changes the result', () => {
  fc.assert(
    fc.property(fc.constantFrom(...logs), sizes, (log, pieces) => {
      expect(inPieces(bytes(log), pieces)).toEqual(scanConsole(log));
    }),
    { numRuns: 300 },
  );
});

test('very long lines split alike too', () => {
  const junk = `${'x'.repeat(40_000)}[    1.000000] kernel BUG at a.c:1!\n${'\0'.repeat(70_000)}kernel BUG`;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 8 }),
      (pieces) => {
        expect(inPieces(bytes(junk), pieces)).toEqual(scanConsole(junk));
      },
    ),
    { numRuns: 30 },
  );
});

test('damaged logs never make it throw, and split alike', () => {
  const damage = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom(0, 10, 13, 27, 91, 255, 32), fc.nat(80)),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...logs), damage, sizes, (log, hits, pieces) => {
      let data = bytes(log);
      for (const [where, byte, cut] of hits) {
        const at = where % Math.max(1, data.length);
        data = Uint8Array.from([...data.subarray(0, at), byte, ...data.subarray(at + (cut % 20))]);
      }
      expect(inPieces(data, pieces)).toEqual(scanConsole(data));
    }),
    { numRuns: 120 },
  );
});

test('lines made to backtrack cost no more than their length', () => {
  const hard = [
    `BUG: KASAN: ${'a-a '.repeat(4000)}`,
    `BUG: KASAN: ${'a '.repeat(400)}in`,
    `WARNING: CPU: 1 PID: 1 at ${'x/'.repeat(3000)}`,
    `INFO: task ${': '.repeat(900)} blocked for more than`,
    `kernel BUG at ${'a:'.repeat(900)}`,
    `[    1.000000] ${'[    1.000000] '.repeat(900)}`,
    `${'[1.000000]"'.repeat(900)} Oops: `,
    `------------[ cut here ]------------\n${'kmalloc'.repeat(30)}+0x1/0x2`,
  ];
  const start = performance.now();
  for (const line of hard) scanConsole(`kernel BUG at a.c:1!\n${`${line}\n`.repeat(50)}`);
  expect(performance.now() - start).toBeLessThan(3000);
});

test('two crashes in a row are two, and the last needs no newline', () => {
  const one =
    '[    1.000000] kernel BUG at a.c:1!\n[    1.000001] RIP: 0010:aa+0x1/0x2\n[    1.000002] ---[ end trace 0 ]---\n';
  const two = '[    9.000000] BUG: unable to handle page fault for address: ffff888000000000';
  expect(scanConsole(one + two).map((f) => f.line)).toEqual([1, 4]);
});

test('lines are counted as an editor counts them', () => {
  const scanner = new ConsoleScanner();
  scanner.push(bytes('a\nb\nc'));
  expect(scanner.linesSeen).toBe(3);
  scanner.push(bytes('\n'));
  expect(scanner.linesSeen).toBe(3);
});
