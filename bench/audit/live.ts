// SPDX-License-Identifier: MIT
// What the live part of an audit costs, and whether twice the modules cost more than twice:
//   node bench/audit/run.mjs live KERNEL [MODULES] [JOBS] [REPEATS]
// Audits of half of the modules and of all of them, in turn. The modules are spread evenly over
// those that have an exercise, so that proofs come along as they do in a whole audit.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { shippedExercises } from '../../harness/rig/audit-exercises.js';
import { median } from '../speed/results.js';

const [kernel = '', count = '60', jobs = '2', repeats = '3'] = process.argv.slice(3);
if (kernel === '') {
  throw new Error('usage: node bench/audit/run.mjs live KERNEL [MODULES] [JOBS] [REPEATS]');
}
const work = mkdtempSync(path.join(tmpdir(), 'dmrace-bench-audit-'));

/** An audit of these modules; how long it took, in seconds. */
async function audit(name: string, modules: readonly string[]): Promise<number> {
  const began = performance.now();
  const { exitCode, stderr } = await execa(
    process.execPath,
    [
      ...['dist/main.js', 'audit', '--live', '--kernel', kernel, '--quiet', '--jobs', jobs],
      ...['--out', path.join(work, name), ...modules],
    ],
    { reject: false, stdout: 'ignore' },
  );
  // A module that was named and cannot be tried makes an audit inconclusive: its visit was made.
  if (![0, 1, 125].includes(exitCode ?? -1)) {
    throw new Error(`the audit ended with ${exitCode}: ${stderr}`);
  }
  return (performance.now() - began) / 1000;
}

/** Each so far from the next that there are `wanted` of them. */
const spread = (names: readonly string[], wanted: number): readonly string[] =>
  Array.from({ length: wanted }, (_, at) => names[Math.floor((at * names.length) / wanted)] ?? '');

try {
  const names = [...new Set((await shippedExercises()).map(({ exercise }) => exercise.module))];
  const all = spread(names.toSorted(), Number(count));
  const half = spread(all, Math.floor(all.length / 2));
  const seconds = { half: [] as number[], all: [] as number[] };
  await audit('first', half); // fills the cache
  for (let at = 0; at < Number(repeats); at++) {
    seconds.half.push(await audit(`half-${at}`, half));
    seconds.all.push(await audit(`all-${at}`, all));
    console.error(`${at + 1}/${repeats}: ${seconds.half.at(-1)} s, ${seconds.all.at(-1)} s`);
  }
  console.log(
    JSON.stringify({
      kernel,
      jobs: Number(jobs),
      modules: { half: half.length, all: all.length },
      seconds: { half: median(seconds.half), all: median(seconds.all) },
      times: Number((median(seconds.all) / median(seconds.half)).toFixed(2)),
      load: loadavg()[0],
    }),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
