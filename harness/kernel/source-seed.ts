// SPDX-License-Identifier: MIT
import path from 'node:path';
import { exists } from '../util/io.js';
import type { Work } from '../util/work.js';
import { seedBuild } from './patch/seed.js';
import type { SourceTree } from './source-tree.js';

/** Begins a build folder as a copy of another of the same files, where there is a whole one. */
export async function beginBuild(
  work: Work,
  {
    folder,
    tree,
    from,
    name,
    differs,
  }: {
    readonly folder: string;
    readonly tree: SourceTree;
    readonly from: SourceTree;
    readonly name: string;
    /** What is built all the same, for people. */
    readonly differs: string;
  },
): Promise<void> {
  // Begun, or of a build that was interrupted: it goes on.
  if (await exists(path.join(folder, 'Makefile'))) return;
  const first = path.join(work.cache.root, 'build', name);
  await work.cache.locked(`build-${name}`, async () => {
    if (!(await exists(path.join(first, 'dmrace.json')))) return;
    work.say(`copying the build of ${from.directory}: only what ${differs} is built`);
    const seed = { from: first, fromTree: from.directory, to: folder, toTree: tree.directory };
    await seedBuild(seed, work);
  });
}
