// SPDX-License-Identifier: MIT
import path from 'node:path';
import { parseKernelConfig } from '../model/kernel.js';
import type { BuildRequest } from '../model/kernel-profile.js';
import type { Series } from '../model/patch.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import type { PreparedKernel } from '../ports.js';
import { runTool } from '../util/command.js';
import { crossPrefix } from '../util/toolchain.js';
import type { Work } from '../util/work.js';
import { assembleKernel, requireConfig, type Wanted } from './assemble.js';
import { keepNeeded, keptNeeded } from './modules.js';
import { type SourceBuild, withBuild } from './source-build.js';
import type { BuildPurpose } from './source-make.js';
import { openSourceTree, type SourceTree } from './source-tree.js';
import { builtVmlinux } from './vmlinux.js';

/** What is built: a tree, in a way, for a suspect. */
export interface SourceRequest {
  /** Path of the tree, as given. */
  readonly tree: string;
  readonly build: BuildRequest;
  /** On top of the tree; null, or empty, for the tree as it is. */
  readonly series: Series | null;
  readonly wanted: Wanted;
}

/**
 * A kernel built from a tree, for the race: {@link withBuild}.
 * @param spec as given with --kernel
 * @throws DmraceError (usage) for a folder that is no clean kernel tree; (inconclusive) when it
 *   does not configure or build; (environment) when build tools are missing.
 */
export async function prepareSourceKernel(
  work: Work,
  spec: string,
  { tree: given, build: request, series, wanted }: SourceRequest,
): Promise<PreparedKernel> {
  const tree = await openSourceTree(given, work.arch, wanted.suspect);
  const purpose = forRace(wanted.suspect);
  return withBuild(work, { tree, request, series, purpose }, (built) =>
    assembled(work, { spec, tree, series, wanted, built }),
  );
}

/** The suspect's module and what it needs are kept. */
const forRace = (suspect: SuspectBuild): BuildPurpose => ({
  fragments: 'race',
  about: path.join(suspect.directory, suspect.object),
  needed: [suspect.module],
  check: (config) => requireConfig(config, suspect),
  keep: async ({ arch }, { build }, folder) => {
    const strip = `${crossPrefix(arch)}strip`;
    // As the distribution's modules are: no debug information.
    const module = path.join(build, suspect.directory, suspect.object);
    await runTool(strip, ['-g', '-o', path.join(folder, suspect.object), module]);
    await keepNeeded(build, path.join(folder, suspect.object), folder, strip);
  },
});

async function assembled(
  work: Work,
  {
    spec,
    tree,
    series,
    wanted,
    built,
  }: {
    readonly spec: string;
    /** Without the series: the control is that of the unpatched kernel. */
    readonly tree: SourceTree;
    readonly series: Series | null;
    readonly wanted: Wanted;
    readonly built: SourceBuild;
  },
): Promise<PreparedKernel> {
  const { suspect } = wanted;
  const { folder, artefacts, configText } = built;
  return assembleKernel(
    work,
    {
      spec,
      release: built.release,
      version: built.version,
      image: path.join(artefacts, 'image'),
      configText,
      configFile: path.join(folder, '.config'),
      tree: {
        key: built.key,
        directory: folder,
        sources: path.join(tree.directory, suspect.directory),
        version: tree.version,
        cc: built.cc,
      },
      portModules: await keptNeeded(artefacts),
      module: path.join(artefacts, suspect.object),
      vmlinux: await builtVmlinux(folder, parseKernelConfig(configText)),
      series,
      build: built.identity,
    },
    wanted,
  );
}
