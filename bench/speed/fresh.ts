// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { bringNode, freshRoot, type Root } from '../../test/support/hosts/root.js';
import type { Results } from './results.js';
import { say } from './rig.js';

const Verdict = z.object({ verdict: z.string(), timing: z.record(z.string(), z.number()) });

/** A clone of a commit, as anybody would make it. */
async function clone(repository: string, commit: string, root: Root): Promise<void> {
  const folder = path.join(root.path, 'root/dmrace');
  await execa('git', ['clone', '--quiet', '--no-hardlinks', repository, folder]);
  await execa('git', ['-C', folder, 'checkout', '--quiet', commit]);
}

/** `npm start` there: nothing of npm's, Debian's or dmrace's has been fetched before. */
async function start(
  repository: string,
  commit: string,
  signal: AbortSignal,
): Promise<{
  readonly seconds: number;
  readonly said: string;
  readonly verdict: z.infer<typeof Verdict>;
}> {
  await using root = await freshRoot('bookworm');
  await bringNode(root);
  await clone(repository, commit, root);
  signal.throwIfAborted();
  const began = performance.now();
  const { exitCode, all } = await root.run([
    ...['sh', '-c', 'cd /root/dmrace && exec npm start -- --out /root/run'],
  ]);
  const seconds = (performance.now() - began) / 1000;
  if (exitCode !== 0) throw new Error(`npm start of ${commit} ended with ${exitCode}:\n${all}`);
  const file = path.join(root.path, 'root/run/verdict.json');
  const verdict = Verdict.parse(JSON.parse(await readFile(file, 'utf8')));
  say(`npm start of ${commit}: ${seconds.toFixed(1)} s`);
  return { seconds, said: all, verdict };
}

/**
 * `npm start` from nothing, in a fresh root of Debian 12 (as root).
 * @param than another commit to measure in the same minutes; empty for none
 */
export async function measureFresh(
  repository: string,
  than: string,
  signal: AbortSignal,
): Promise<NonNullable<Results['fresh']>> {
  const load = loadavg()[0] ?? 0;
  const commit = (await execa('git', ['rev-parse', '--short', 'HEAD'], { cwd: repository })).stdout;
  const { seconds, said, verdict } = await start(repository, commit, signal);
  const told = (title: string): number =>
    Number(new RegExp(`^${title}: done in ([\\d.]+) s$`, 'm').exec(said)?.[1] ?? 0);
  const before = than === '' ? null : await start(repository, than, signal);
  return {
    suite: 'bookworm',
    load,
    stages: verdict.timing,
    npmS: told('npm packages'),
    buildS: told('Program'),
    totalS: seconds,
    ...(before ? { than: { commit: than, totalS: before.seconds } } : {}),
  };
}
