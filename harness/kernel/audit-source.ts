// SPDX-License-Identifier: MIT
import { mkdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { BuildRequest } from '../model/kernel-profile.js';
import type { Series } from '../model/patch.js';
import type { Work } from '../util/work.js';
import { runMake } from './compile.js';
import { type SourceBuild, withBuild } from './source-build.js';
import type { BuildPurpose } from './source-make.js';
import { openSourceTree, type SourceTree } from './source-tree.js';

/** What of a tree is built for an audit. */
export interface AuditSource {
  /** Path of the tree, as given. */
  readonly tree: string;
  readonly build: BuildRequest;
  /** On top of the tree; null for the tree as it is. */
  readonly series: Series | null;
}

/**
 * Builds a kernel with all its modules, for an audit.
 * @param check of its configuration
 * @param use what is done with it while nobody else builds there; its artefacts have `modules`, which
 *   is as /lib/modules/RELEASE, without debug information
 * @throws DmraceError as `withBuild()` and `openSourceTree()` do
 */
export async function withAuditBuild<T>(
  work: Work,
  { tree: given, build: request, series }: AuditSource,
  check: BuildPurpose['check'],
  use: (built: SourceBuild, tree: SourceTree) => Promise<T>,
): Promise<T> {
  const tree = await openSourceTree(given, work.arch, null);
  const purpose: BuildPurpose = {
    fragments: 'audit',
    about: 'all modules',
    needed: [],
    check,
    keep: keepModules,
  };
  return withBuild(work, { tree, request, series, purpose }, (built) => use(built, tree));
}

/** `make modules_install`, which names and orders them as the running kernel's modprobe wants it. */
const keepModules: BuildPurpose['keep'] = async (work, { build, make, release, what }, folder) => {
  const root = path.join(folder, 'root');
  await mkdir(root);
  await runMake(work, {
    arguments: [
      `-j${availableParallelism()}`,
      ...make,
      `INSTALL_MOD_PATH=${root}`,
      // As the distribution's modules are: no debug information (scripts/Makefile.modinst).
      'INSTALL_MOD_STRIP=1',
      'modules_install',
    ],
    log: path.join(build, 'dmrace-install.log'),
    what,
    expected: null,
  });
  await rename(path.join(root, 'lib/modules', release), path.join(folder, 'modules'));
  await rm(root, { recursive: true });
  // Links into the tree and the build folder.
  for (const link of ['build', 'source'])
    await rm(path.join(folder, 'modules', link), { force: true });
};
