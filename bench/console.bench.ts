// SPDX-License-Identifier: MIT
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
const reports = [
  'x86',
  'arch',
  'arm64',
  'arm64-traps',
  'mips',
  'checks',
  'locks',
  'stalls',
  'naming',
]
  .map((name) => fixture(`${name}.log`).replace(/^@@.*\n/gm, ''))
  .join('');
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
  ['crashes of all kinds, 10 MB', filled(reports, 10 * MiB)],
];

/** MB/s of one run: of the clock, and of CPU time, which other work on the machine disturbs less. */
function speed(log: Buffer): string {
  const start = performance.now();
  const before = process.cpuUsage();
  scan(log);
  const { user, system } = process.cpuUsage(before);
  const clock = log.length / 1e3 / (performance.now() - start);
  return `${clock.toFixed(0)} MB/s (CPU ${(log.length / (user + system)).toFixed(1)})`;
}

// The first run is cold: the JIT compiles the loop while it runs. A cost that is linear in the
// length gives the same warm speed at every size.
for (const [name, log] of cases) {
  const cold = speed(log);
  for (let i = 0; i < 20e6 / log.length; i++) scan(log);
  const warm = speed(log);
  console.log(`${name}: cold ${cold}, warm ${warm}, ${scan(log)} findings`);
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
