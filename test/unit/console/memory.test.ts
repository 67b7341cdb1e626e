// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConsoleScanner } from '../../../harness/console/index.js';
import { FIXTURES } from './support.js';

const MiB = 1 << 20;

/** Pieces of an endless log: boots one after another, with a crash now and then that never ends. */
function piece(size: number): Buffer {
  const log = readFileSync(join(FIXTURES, 'boot-no-root.log'), 'latin1');
  const boot = log.slice(0, log.lastIndexOf('\n', log.indexOf('VFS: Cannot open root')) + 1);
  const crash = Array.from(
    { length: 3200 },
    (_, i) => `[   99.000000][    C${i % 9}]  demo_frame_${i}+0x10/0x20\n`,
  );
  const head =
    '[   99.000000][    C0] BUG: unable to handle page fault for address: ffff888000000000\n';
  return Buffer.from(
    `${boot.repeat(Math.ceil(size / boot.length))}\n${head}${crash.join('')}`,
    'latin1',
  );
}

test('an endless log: 200 MB streamed, and the memory stays where it was', () => {
  const scanner = new ConsoleScanner();
  const part = piece(8 * MiB);
  let found = 0;
  const stream = (bytes: number): void => {
    for (let sent = 0; sent < bytes; sent += part.length) {
      for (let at = 0; at < part.length; at += 1 << 16)
        found += scanner.push(part.subarray(at, at + (1 << 16))).length;
    }
  };
  stream(40 * MiB);
  const before = process.memoryUsage.rss();
  stream(160 * MiB);
  const grown = process.memoryUsage.rss() - before;
  expect(found).toBeGreaterThan(20);
  expect(grown).toBeLessThan(48 * MiB);
});

test('a line without end is not kept', () => {
  const scanner = new ConsoleScanner();
  const part = Buffer.alloc(MiB, 'x');
  const before = process.memoryUsage();
  for (let i = 0; i < 100; i++) scanner.push(part);
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * MiB);
  expect(scanner.linesSeen).toBe(1);
});
