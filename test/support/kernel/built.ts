// SPDX-License-Identifier: MIT
// One kernel build for all tests that need a self-built kernel: linux-source 6.12 with profile
// `base`, in the cache. From nothing it takes about 450 s of CPU time.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { prepareKernel } from '../../../harness/kernel/prepare.js';
import { fetchSource } from '../../../harness/kernel/sources.js';
import { ARCH } from '../../../harness/model/arch/index.js';
import { DmraceError } from '../../../harness/model/errors.js';
import { buildRequest } from '../../../harness/model/kernel-profile.js';
import type { PreparedKernel } from '../../../harness/ports.js';
import { DM_MOD_BUILD } from '../../../harness/suspects/dm_mod/build.js';
import { type Cache, openCache } from '../../../harness/util/cache.js';
import { missingTools } from '../../../harness/util/host-tools.js';
import { KERNEL_REQUIREMENTS } from '../../../harness/util/requirements.js';
import { testWork } from '../work.js';
import { refreshHistory, writeHistory } from './history.js';

/** For beforeAll(): a build from nothing on two busy cores. */
export const BUILD_TIMEOUT_MS = 40 * 60_000;

const say = (line: string): void => void process.stderr.write(`[kernel] ${line}\n`);

/** Why no kernel can be built here; empty when one can, or when `npm run test:kernels` insists on it. */
export async function noKernelBuilds(): Promise<string> {
  if (process.env.REQUIRE_KERNEL_BUILDS === '1') return '';
  const absent = await missingTools(ARCH.x86_64, KERNEL_REQUIREMENTS);
  if (absent.length > 0) return `missing: ${absent.map((tool) => tool.needs).join(', ')}`;
  try {
    await testTree(await openCache());
    return '';
  } catch (error) {
    if (!(error instanceof DmraceError) || error.code !== 'environment') throw error;
    return `no sources: ${error.message}`;
  }
}

/**
 * A tree of its own, with the history of history.ts, that tests may check other commits out in
 * while they hold {@link withTree}'s lock. Its files are hard links to the cache's sources: they may
 * be replaced, as git does, never written to.
 */
async function testTree(cache: Cache): Promise<string> {
  const source = await fetchSource(await testWork({ cache, say }), 'debian:6.12');
  // The path is part of every compiler's command: another one would be another whole build.
  const tree = path.join(cache.root, 'test-tree', path.basename(source));
  // No entry of the cache: checkouts change it, and one that is not as it was made is made again, with
  // new times, from which everything is built again.
  await cache.locked('test-tree', async () => {
    if (await refreshHistory(tree)) return;
    await rm(tree, { recursive: true, force: true });
    await mkdir(tree, { recursive: true });
    await execa('cp', ['-al', `${source}/.`, tree]);
    await writeHistory(tree);
  });
  return tree;
}

/** Runs work that nobody else's checkout in the tree may come between, and leaves it at its first commit. */
export async function withTree<T>(work: (tree: string) => Promise<T>): Promise<T> {
  const cache = await openCache();
  const tree = await testTree(cache);
  const rest = (): Promise<unknown> => execa('git', ['-C', tree, 'checkout', '-qf', 'first']);
  return cache.locked('test-tree', async () => {
    await rest(); // a run that was killed may have left it elsewhere
    try {
      return await work(tree);
    } finally {
      await rest();
    }
  });
}

/** The shared kernel: its tree for `--kernel src:`, and what prepareKernel() made of it. */
export interface BuiltKernel {
  readonly tree: string;
  readonly kernel: PreparedKernel;
}

/** @param profile as for --profile; every other one than `base` is another whole build. */
export function builtKernel(profile = 'base'): Promise<BuiltKernel> {
  return withTree(async (tree) => ({
    tree,
    kernel: await prepareKernel(await testWork({ say }), `src:${tree}`, {
      suspect: DM_MOD_BUILD,
      build: buildRequest(profile, undefined),
    }),
  }));
}
