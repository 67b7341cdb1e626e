// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bench, describe } from 'vitest';
import { ConsoleScanner } from '../harness/console/index.js';

const fixture = (name: string): string =>
  readFileSync(
    fileURLToPath(new URL(`../test/fixtures/console/${name}`, import.meta.url)),
    'latin1',
  );

const boot = fixture('boot-no-root.log');
const ordinary = boot.slice(0, boot.lastIndexOf('\n', boot.indexOf('VFS: Cannot open root')) + 1);
const crashes = fixture('checks.log').replace(/^@@.*\n/gm, '');
const MiB = 1 << 20;

/** At least this many bytes of a text, repeated. */
const filled = (text: string, size: number): Buffer =>
  Buffer.from(text.repeat(Math.ceil(size / text.length)), 'latin1');

function scan(log: Buffer): number {
  const scanner = new ConsoleScanner();
  let found = 0;
  for (let at = 0; at < log.length; at += 1 << 16)
    found += scanner.push(log.subarray(at, at + (1 << 16))).length;
  return found + scanner.end().length;
}

const cases: readonly (readonly [string, Buffer])[] = [
  ['ordinary, 1 MB', filled(ordinary, MiB)],
  ['ordinary, 10 MB', filled(ordinary, 10 * MiB)],
  ['ordinary, 100 MB', filled(ordinary, 100 * MiB)],
  ['crash-dense, 1 MB', filled(crashes, MiB)],
  ['crash-dense, 10 MB', filled(crashes, 10 * MiB)],
];

for (const [name, log] of cases) {
  const start = performance.now();
  const found = scan(log);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${name}: ${(log.length / 1e6 / seconds).toFixed(0)} MB/s, ${found} findings, first run`,
  );
}

describe('console detector', () => {
  for (const [name, log] of cases.slice(0, 2)) {
    bench(
      name,
      () => {
        scan(log);
      },
      { iterations: 5, time: 300, warmupIterations: 1, warmupTime: 50 },
    );
  }
});
