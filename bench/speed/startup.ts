// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { Results } from './results.js';

/** What is started, and how many times `node -e 0` it may take. */
export const STARTS = {
  version: ['`dmrace --version`', 2.5],
  scan: ['`dmrace scan` of an empty file', 2.5],
  judge: ['`dmrace judge` of ten trials', 5],
} as const;

/** How long commands take that boot nothing, in turn with `node -e 0`, which is their floor. */
export async function measureStartup(
  program: string,
  work: string,
  repeats: number,
  signal: AbortSignal,
): Promise<NonNullable<Results['startup']>> {
  const run = path.join(work, 'ten');
  const log = path.join(work, 'empty.log');
  await writeFile(log, '');
  const env = { DMRACE_DOCKER: 'never' };
  const node = async (...args: string[]): Promise<number> => {
    const began = performance.now();
    await execa(process.execPath, args, { cancelSignal: signal, env });
    return performance.now() - began;
  };
  const trials = ['--placement', 'both', '--trials', '5', '--out', run];
  await node(program, 'run', '--quiet', '--accel', 'tcg', ...trials);
  const times = { node: [] as number[], version: [] as number[], scan: [] as number[] };
  const judge: number[] = [];
  for (let index = 0; index < repeats; index++) {
    times.node.push(await node('-e', '0'));
    times.version.push(await node(program, '--version'));
    times.scan.push(await node(program, 'scan', log));
    judge.push(await node(program, 'judge', run));
  }
  return { nodeMs: times.node, versionMs: times.version, scanMs: times.scan, judgeMs: judge };
}
