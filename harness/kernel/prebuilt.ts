// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { type KernelSpec, parseKernelConfig } from '../model/kernel.js';
import type { Series } from '../model/patch.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import type { PreparedKernel } from '../ports.js';
import { type Cache, contentKey } from '../util/cache.js';
import { exists } from '../util/io.js';
import type { Work } from '../util/work.js';
import { assembleKernel, requireConfig, type Wanted } from './assemble.js';
import type { BuildTree } from './kbuild.js';
import { type GuestModules, portsAndSuspect } from './modules.js';
import { stockModule, stockWords } from './patch/module.js';
import { makefileVersion } from './source-tree.js';
import { builtVmlinux } from './vmlinux.js';

type ImageSpec = Extract<KernelSpec, { from: 'image' }>;

/** A prebuilt kernel, and what is wanted of it. */
export interface ImageRequest {
  readonly spec: ImageSpec;
  /** On top of the suspect's sources; null for the module that came with the image. */
  readonly series: Series | null;
  readonly wanted: Wanted;
}

/**
 * A kernel that someone else built: an image, its modules, and the build folder (or headers) that
 * the control and the helper are built against.
 * @param spec as given with --kernel
 * @throws DmraceError (usage) when a part is missing, naming every missing part at once;
 *   (inconclusive) when they do not fit together.
 */
export async function prepareImageKernel(
  work: Work,
  spec: string,
  { spec: given, series, wanted }: ImageRequest,
): Promise<PreparedKernel> {
  const { suspect } = wanted;
  const build = await realpath(given.build).catch(() => path.resolve(given.build));
  const source = await sourceOf(build);
  const sources = path.join(source, suspect.directory);
  await requireParts(given, build, sources, suspect);
  const configFile = path.join(build, '.config');
  const configText = await readFile(configFile, 'utf8');
  requireConfig({ text: configText, what: given.path, file: configFile }, suspect);
  const release = (
    await readFile(path.join(build, 'include/config/kernel.release'), 'utf8')
  ).trim();
  const modules = await modulesFolder(given.modules, release);
  const image = await keepImage(work.cache, given.path);
  const symvers = await readFile(path.join(build, 'Module.symvers'));
  const key = contentKey([image, release, configText, symvers, await timesOf(sources)]);
  const kept = await keepModules(work, key, modules, suspect);
  const makefile = await readFile(path.join(source, 'Makefile'), 'utf8').catch(() => '');
  const tree: BuildTree = {
    key,
    directory: build,
    sources,
    version: makefileVersion(makefile) ?? release,
  };
  return assembleKernel(
    work,
    {
      spec,
      release,
      version: `prebuilt ${path.resolve(given.path)}${stockWords(series, suspect)}`,
      image,
      configText,
      configFile,
      tree,
      portModules: kept.ports,
      ...(await stockModule(work, kept.suspect, series, {
        what: given.path,
        tree,
        suspect,
        instead: `--kernel src:${source}`,
      })),
      vmlinux: await builtVmlinux(build, parseKernelConfig(configText)),
    },
    wanted,
  );
}

/** The sources of a build folder: its `source` link (kbuild, outputmakefile), else itself. */
async function sourceOf(build: string): Promise<string> {
  const linked = path.join(build, 'source');
  return (await exists(path.join(linked, 'Makefile'))) ? realpath(linked) : build;
}

/** @param sources the suspect's folder */
async function requireParts(
  given: ImageSpec,
  build: string,
  sources: string,
  suspect: SuspectBuild,
): Promise<void> {
  const parts: [string, string][] = [
    [given.path, 'the image to boot'],
    [given.modules, 'modules=: /lib/modules/RELEASE, or the root of make modules_install'],
    [path.join(build, '.config'), 'build=: the configuration'],
    [path.join(build, 'Module.symvers'), 'build=: versions of the symbols, for modules of ours'],
    [path.join(build, 'include/config/kernel.release'), 'build=: a build that got this far'],
    [
      path.join(sources, suspect.methodSources[0]?.file ?? 'Makefile'),
      `the sources of ${suspect.directory}, for the control; headers packages have none: name a build folder whose \`source\` link leads to the whole tree`,
    ],
  ];
  const absent: string[] = [];
  for (const [file, what] of parts) if (!(await exists(file))) absent.push(`${file} (${what})`);
  if (absent.length === 0) return;
  throw new DmraceError('usage', {
    observed: `image:${given.path}: missing: ${absent.join('; ')}`,
    artefact: build,
    action: 'give image:IMAGE,modules=DIR,build=DIR of one and the same build',
  });
}

/** modules= may be lib/modules/RELEASE itself or something above it. */
export async function modulesFolder(given: string, release: string): Promise<string> {
  for (const below of ['', release, `lib/modules/${release}`, `usr/lib/modules/${release}`]) {
    const folder = path.join(path.resolve(given), below);
    if (await exists(path.join(folder, 'kernel'))) return folder;
  }
  const names = await readdir(given).catch(() => []);
  throw new DmraceError('usage', {
    observed: `modules=${given} has no modules of ${release}; it holds ${names.slice(0, 5).join(', ') || 'nothing'}`,
    artefact: given,
    action:
      'name /lib/modules/RELEASE, or the root that make modules_install INSTALL_MOD_PATH= filled',
  });
}

/** A copy under its content's hash: a build that goes on does not change a run in progress. */
export async function keepImage(cache: Cache, file: string): Promise<string> {
  const sum = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 32);
  const entry = await cache.entry('prebuilt', sum, (directory) =>
    copyFile(file, path.join(directory, 'image')),
  );
  return path.join(entry, 'image');
}

/** When each source of a folder was last changed. */
async function timesOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /\.[ch]$|^Makefile$/.test(name)).sort();
  const times = await Promise.all(
    names.map(async (name) => `${name} ${(await stat(path.join(folder, name))).mtimeMs}`),
  );
  return times.join('\n');
}

async function keepModules(
  work: Work,
  key: string,
  from: string,
  suspect: SuspectBuild,
): Promise<GuestModules> {
  const names = await readdir(from, { recursive: true });
  // However it is packed: x.ko.xz is x.ko.
  const module = names.find(
    (name) => path.basename(name).replace(/(\.ko)\.\w+$/, '$1') === suspect.object,
  );
  const content = module === undefined ? '' : await readFile(path.join(from, module));
  return portsAndSuspect(work, contentKey([key, content]), from, suspect);
}
