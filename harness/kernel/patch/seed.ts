// SPDX-License-Identifier: MIT
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../util/command.js';
import type { Work } from '../../util/work.js';

/** A build folder that is to begin as a copy of another. */
export interface Seed {
  /** A build of {@link fromTree}, finished once; nobody may build in it meanwhile. */
  readonly from: string;
  readonly fromTree: string;
  /** The new folder; replaced. */
  readonly to: string;
  /** The tree that it is a build of: the same files at the same times, but for what a series changes. */
  readonly toTree: string;
}

/** What may hold the tree's path and is made for make: the commands of all objects, and lists of Kconfig's. */
const NAMES_THE_TREE = /(^|\/)(\.[^/]*\.(cmd|d)|Makefile|[^/]*\.cmd|[^/]*\.d|GNUmakefile)$/;

/**
 * Copies a build folder so that make, told the other tree, finds nothing to do: kbuild compares
 * each object's command with that of its last build, and the tree's path is in it; in those below
 * tools/ the build folder's is too (tools/scripts/Makefile.include, OUTPUT). Times are kept.
 */
export async function seedBuild(
  { from, fromTree, to, toTree }: Seed,
  { signal }: Pick<Work, 'signal'>,
): Promise<void> {
  const half = `${to}.copying`;
  await rm(half, { recursive: true, force: true });
  await mkdir(path.dirname(half), { recursive: true });
  await runTool('cp', ['-a', from, half], { signal });
  const [tree, folder] = [fromTree, from].map(
    (text) => new RegExp(`${escaped(text)}(?=[/\\s:;'")]|$)`, 'gm'),
  ) as [RegExp, RegExp];
  for (const name of await readdir(half, { recursive: true })) {
    if (!NAMES_THE_TREE.test(name)) continue;
    const file = path.join(half, name);
    if (!(await lstat(file)).isFile()) continue;
    const text = await readFile(file, 'utf8');
    const other = text.replaceAll(tree, () => toTree).replaceAll(folder, () => to);
    if (other === text) continue;
    const { atime, mtime } = await stat(file);
    await writeFile(file, other);
    await utimes(file, atime, mtime);
  }
  // outputmakefile() makes it again, and it is of no use to a copy that has none.
  await rm(path.join(half, 'source'), { force: true });
  await rm(path.join(half, 'dmrace.json'), { force: true });
  await rm(to, { recursive: true, force: true });
  await rename(half, to);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
