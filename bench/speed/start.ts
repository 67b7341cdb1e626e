// SPDX-License-Identifier: MIT
import path from 'node:path';
import { execa } from 'execa';
import type { Results } from './results.js';
import { say } from './rig.js';

/** `dmrace run` with everything in the cache. */
export async function measureStart(
  program: string,
  work: string,
  repeats: number,
  signal: AbortSignal,
): Promise<NonNullable<Results['start']>> {
  const warmMs: number[] = [];
  const env = { DMRACE_DOCKER: 'never' };
  const timed = async (args: readonly string[]): Promise<number> => {
    const began = performance.now();
    await execa(process.execPath, [program, ...args], { cancelSignal: signal, env });
    return performance.now() - began;
  };
  const run = (name: string): Promise<number> =>
    timed(['run', '--quiet', '--accel', 'tcg', '--out', path.join(work, name)]);
  await run('first'); // fills the cache
  for (let index = 0; index < repeats; index++) {
    warmMs.push(await run(`warm-${index}`));
    say(`warm run ${index + 1}/${repeats}: ${warmMs.at(-1)?.toFixed(0)} ms`);
  }
  return { warmMs };
}
