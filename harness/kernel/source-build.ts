// SPDX-License-Identifier: MIT
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import type { KernelIdentity } from '../model/kernel-identity.js';
import { type BuildRequest, isTrimmed } from '../model/kernel-profile.js';
import { type Series, seriesWords } from '../model/patch.js';
import { contentKey } from '../util/cache.js';
import { onPath, requireTools } from '../util/host-tools.js';
import { readJson } from '../util/json.js';
import { crossPrefix } from '../util/toolchain.js';
import type { Work } from '../util/work.js';
import { fragmentsOf } from './configure.js';
import { applySeries, type PatchBase } from './patch/apply.js';
import { type LinkedTree, withSeries } from './patch/farm.js';
import { type BuildPurpose, compile, leftOutWords } from './source-make.js';
import { beginBuild } from './source-seed.js';
import { requireCompilerFor, type SourceTree } from './source-tree.js';

/** What is known of a build folder's last whole build. */
const Built = z.strictObject({
  /** Tree, fragments and .config it was built from, and what it was built for. */
  inputs: z.string(),
  steps: z.number(),
  artefacts: z.string(),
  release: z.string(),
  modulesLeftOut: z.int().nonnegative().optional(),
});

/** Who made the image is no part of it: the same sources give the same bytes, and the same key. */
const REPRODUCIBLE = [
  'KBUILD_BUILD_TIMESTAMP=1970-01-01',
  'KBUILD_BUILD_USER=dmrace',
  'KBUILD_BUILD_HOST=dmrace',
  'KBUILD_BUILD_VERSION=1',
  // Set but empty: no "+" for a commit without a tag (scripts/setlocalversion).
  'LOCALVERSION=',
];

/** What is built, and what for. */
export interface SourceBuildRequest {
  readonly tree: SourceTree;
  readonly request: BuildRequest;
  /** On top of the tree; null, or empty, for the tree as it is. */
  readonly series: Series | null;
  readonly purpose: BuildPurpose;
}

/** A kernel that was built; its folders are nobody else's for as long as it is used. */
export interface SourceBuild {
  /** The build folder, for modules of ours. */
  readonly folder: string;
  /** What was kept of it, in the cache: `image`, `config`, `Module.symvers`, and the purpose's own. */
  readonly artefacts: string;
  readonly key: string;
  readonly release: string;
  /** For people. */
  readonly version: string;
  readonly configText: string;
  /** The compiler's command. */
  readonly cc: string;
  readonly identity: NonNullable<KernelIdentity['build']>;
}

/**
 * Builds a kernel from a tree, which is never written into. The build folder belongs to the tree's
 * path, what it is for, the profiles, the given .config's path and the compiler, and is used again, so
 * the next commit of a bisection builds only what it changed. What is booted is copied out under the
 * hash of its content: a later build does not touch a run in progress.
 * A series goes into a tree of links, which has a build folder of its own that begins as a copy of
 * the tree's, where that was built: patch/farm.ts.
 * @param use what is done with it while nobody else builds there
 * @throws DmraceError (inconclusive) when it does not configure or build, or the series does not apply;
 *   (environment) when build tools are missing; AbortError after an interrupt.
 */
export async function withBuild<T>(
  work: Work,
  given: SourceBuildRequest,
  use: (built: SourceBuild) => Promise<T>,
): Promise<T> {
  const { tree, series } = given;
  const asked: Asked = { ...given, original: tree };
  if (series === null || series.length === 0) return build(work, asked, use);
  const overlay = await applySeries(series, baseOf(tree), work);
  return withSeries(work, tree, overlay, (patched, links) =>
    build(work, { ...asked, tree: patched, links }, use),
  );
}

/** A tree that a series is for. */
export const baseOf = ({ directory, version }: SourceTree): PatchBase => ({
  what: `${directory} (${version})`,
  directory,
  locate: (file) => path.join(directory, file),
});

/** A tree that is about to be built. */
interface Asked extends SourceBuildRequest {
  /** Without the series. */
  readonly original: SourceTree;
  /** The tree, when it is one of links. */
  readonly links?: LinkedTree;
}

/** What decides which folder a tree is built in. */
interface FolderOf {
  readonly tree: SourceTree;
  readonly purpose: BuildPurpose['fragments'];
  readonly configPath: string;
}

async function build<T>(
  work: Work,
  asked: Asked,
  use: (built: SourceBuild) => Promise<T>,
): Promise<T> {
  const { tree, original, links, request, series, purpose } = asked;
  const { cache, arch } = work;
  await requireTools(arch, 'kernels');
  const version = await requireCompilerFor(tree.directory, arch);
  const prefix = crossPrefix(arch);
  const cc = (await onPath('ccache')) ? `ccache ${prefix}gcc` : `${prefix}gcc`;
  const configPath = request.config === null ? '' : path.resolve(request.config);
  const folderOf = (of: FolderOf): string =>
    contentKey([
      of.tree.directory,
      arch.name,
      cc,
      version,
      of.configPath,
      ...request.profiles,
      // A folder each, so that neither builds what the other has built.
      ...(isTrimmed(request) ? ['trimmed'] : []),
      ...(of.purpose === 'audit' ? ['audit'] : []),
    ]);
  const own = { tree, purpose: purpose.fragments, configPath };
  const name = folderOf(own);
  const folder = path.join(cache.root, 'build', name);
  const make = [
    '-C',
    tree.directory,
    `O=${folder}`,
    `ARCH=${arch.names.kernel}`,
    ...(prefix === '' ? [] : [`CROSS_COMPILE=${prefix}`]),
    `CC=${cc}`,
    ...REPRODUCIBLE,
  ];
  // What a new folder may begin as: the tree's own build, or the one that runs have of it.
  const seeds = [
    ...(links
      ? [{ name: folderOf({ ...own, tree: original }), differs: 'the patches change' }]
      : []),
    ...(purpose.fragments === 'audit'
      ? [
          {
            name: folderOf({ tree: original, purpose: 'race', configPath: '' }),
            differs: 'an audit has otherwise',
          },
        ]
      : []),
  ];
  return cache.locked(`build-${name}`, async () => {
    for (const seed of seeds) await beginBuild(work, { folder, tree, from: original, ...seed });
    await mkdir(folder, { recursive: true });
    const note = path.join(folder, 'dmrace.json');
    const config = configPath === '' ? '' : await readFile(configPath, 'utf8').catch(() => '');
    const fragments = await fragmentsOf(request, arch, purpose.fragments);
    const inputs = contentKey([tree.fingerprint, config, purpose.about, ...fragments]);
    // Damaged: build again, which takes little when nothing changed.
    const last = await readJson(note, Built);
    const known = last?.inputs === inputs && (await cache.has('built', last.artefacts));
    let built = last;
    if (!known || built === null) {
      // A folder that began as a copy has never seen a build from nothing; what it was copied from has.
      const firsts = await Promise.all(
        seeds.map((seed) =>
          readJson(path.join(cache.root, 'build', seed.name, 'dmrace.json'), Built),
        ),
      );
      const steps = firsts.map((first) => first?.steps ?? 0);
      const before = last === null ? null : Math.max(last.steps, ...steps);
      const making = { tree, build: folder, request, make, before, purpose };
      built = { ...(await compile(work, { ...making, ...(links ? { links } : {}) })), inputs };
      await writeFileAtomic(note, `${JSON.stringify(built)}\n`);
    }
    const artefacts = path.join(cache.root, 'built', built.artefacts);
    const { modulesLeftOut } = built;
    const leftOut = modulesLeftOut === undefined ? '' : `, ${leftOutWords(modulesLeftOut)}`;
    const commit = tree.commit === null ? '' : ` (${tree.commit})`;
    const patched = series === null || series.length === 0 ? '' : `, ${seriesWords(series)}`;
    return use({
      folder,
      artefacts,
      key: contentKey([built.artefacts, tree.fingerprint]),
      release: built.release,
      version: `${tree.version}${commit}, gcc ${version}${leftOut}${patched}`,
      configText: await readFile(path.join(artefacts, 'config'), 'utf8'),
      cc,
      identity: {
        profiles: [...request.profiles],
        config: request.config,
        commit: tree.commit,
        compiler: `gcc ${version}`,
        ...(modulesLeftOut === undefined ? {} : { modulesLeftOut }),
      },
    });
  });
}
