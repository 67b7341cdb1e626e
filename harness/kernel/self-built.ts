// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import prettyBytes from 'pretty-bytes';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import type { Arch } from '../model/arch/index.js';
import { type KernelConfig, parseKernelConfig } from '../model/kernel.js';
import { type BuildRequest, isTrimmed } from '../model/kernel-profile.js';
import { type Series, seriesWords } from '../model/patch.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import type { PreparedKernel } from '../ports.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { onPath, requireTools } from '../util/host-tools.js';
import { readJson } from '../util/json.js';
import { crossPrefix } from '../util/toolchain.js';
import type { Work } from '../util/work.js';
import { assembleKernel, requireConfig, type Wanted } from './assemble.js';
import { countSteps, runMake } from './compile.js';
import { configure, fragmentsOf } from './configure.js';
import { keepNeeded, keptNeeded } from './modules.js';
import { applySeries, type PatchBase } from './patch/apply.js';
import { filesRead, type LinkedTree, withSeries } from './patch/farm.js';
import { seedBuild } from './patch/seed.js';
import { openSourceTree, requireCompilerFor, type SourceTree } from './source-tree.js';
import { builtVmlinux } from './vmlinux.js';

/** What is known of a build folder's last whole build. */
const Built = z.strictObject({
  /** Tree, fragments and .config it was built from, and the object that it was built for. */
  inputs: z.string(),
  /** Steps of the longest build so far, for the progress of the next. */
  steps: z.number(),
  /** Key of the artefacts in the cache. */
  artefacts: z.string(),
  release: z.string(),
  /** Modules of a given .config that were left out. */
  modulesLeftOut: z.int().nonnegative().optional(),
});
type Built = z.infer<typeof Built>;

/** Who made the image is no part of it: the same sources give the same bytes, and the same key. */
const REPRODUCIBLE = [
  'KBUILD_BUILD_TIMESTAMP=1970-01-01',
  'KBUILD_BUILD_USER=dmrace',
  'KBUILD_BUILD_HOST=dmrace',
  'KBUILD_BUILD_VERSION=1',
  // Set but empty: no "+" for a commit without a tag (scripts/setlocalversion).
  'LOCALVERSION=',
];

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
 * A kernel built from a tree, which is never written into. The build folder belongs to the tree's
 * path, the profiles, the given .config's path and the compiler, and is used again, so the next
 * commit of a bisection builds only what it changed. What is booted is copied out under the hash of
 * its content: a later build does not touch a run in progress.
 * A series goes into a tree of links, which has a build folder of its own that begins as a copy of
 * the tree's, where that was built: patch/farm.ts.
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
  const asked: Asked = { spec, tree, original: tree, request, series, wanted };
  if (series === null || series.length === 0) return build(work, asked);
  const overlay = await applySeries(series, baseOf(tree), work);
  return withSeries(work, tree, overlay, (patched, links) =>
    build(work, { ...asked, tree: patched, links }),
  );
}

/** A tree that a series is for. */
export const baseOf = ({ directory, version }: SourceTree): PatchBase => ({
  what: `${directory} (${version})`,
  directory,
  locate: (file) => path.join(directory, file),
});

/** A tree that is about to be built. */
interface Asked {
  readonly spec: string;
  readonly tree: SourceTree;
  /** Without the series: the control is that of the unpatched kernel. */
  readonly original: SourceTree;
  /** The tree, when it is one of links. */
  readonly links?: LinkedTree;
  readonly request: BuildRequest;
  readonly series: Series | null;
  readonly wanted: Wanted;
}

async function build(work: Work, asked: Asked): Promise<PreparedKernel> {
  const { spec, tree, original, links, request, series, wanted } = asked;
  const { suspect } = wanted;
  const { cache, arch } = work;
  await requireTools(arch, 'kernels');
  const version = await requireCompilerFor(tree.directory, arch);
  const prefix = crossPrefix(arch);
  const cc = (await onPath('ccache')) ? `ccache ${prefix}gcc` : `${prefix}gcc`;
  const configPath = request.config === null ? '' : path.resolve(request.config);
  const nameOf = ({ directory }: SourceTree): string =>
    contentKey([
      directory,
      arch.name,
      cc,
      version,
      configPath,
      ...request.profiles,
      // A folder each, so that neither builds what the other has built.
      ...(isTrimmed(request) ? ['trimmed'] : []),
    ]);
  const name = nameOf(tree);
  const build = path.join(cache.root, 'build', name);
  const make = [
    '-C',
    tree.directory,
    `O=${build}`,
    `ARCH=${arch.names.kernel}`,
    ...(prefix === '' ? [] : [`CROSS_COMPILE=${prefix}`]),
    `CC=${cc}`,
    ...REPRODUCIBLE,
  ];
  return cache.locked(`build-${name}`, async () => {
    if (links) await begin(work, { build, tree, from: original, name: nameOf(original) });
    await mkdir(build, { recursive: true });
    const note = path.join(build, 'dmrace.json');
    const config = configPath === '' ? '' : await readFile(configPath, 'utf8').catch(() => '');
    const fragments = await fragmentsOf(request, arch);
    const object = path.join(suspect.directory, suspect.object);
    const inputs = contentKey([tree.fingerprint, config, object, ...fragments]);
    // Damaged: build again, which takes little when nothing changed.
    const last = await readJson(note, Built);
    const known = last?.inputs === inputs && (await cache.has('built', last.artefacts));
    let built = last;
    if (!known || built === null) {
      // A folder that began as a copy has never seen a build from nothing; the tree's own has.
      const first = links
        ? await readJson(path.join(cache.root, 'build', nameOf(original), 'dmrace.json'), Built)
        : null;
      const before = last === null ? null : Math.max(last.steps, first?.steps ?? 0);
      const making = { tree, build, request, make, before, suspect, ...(links ? { links } : {}) };
      built = { ...(await compile(work, making)), inputs };
      await writeFileAtomic(note, `${JSON.stringify(built)}\n`);
    }
    const from = path.join(cache.root, 'built', built.artefacts);
    const { modulesLeftOut } = built;
    const leftOut = modulesLeftOut === undefined ? '' : `, ${leftOutWords(modulesLeftOut)}`;
    const configText = await readFile(path.join(from, 'config'), 'utf8');
    return assembleKernel(
      work,
      {
        spec,
        release: built.release,
        version: `${tree.version}${tree.commit === null ? '' : ` (${tree.commit})`}, gcc ${version}${leftOut}${series === null || series.length === 0 ? '' : `, ${seriesWords(series)}`}`,
        image: path.join(from, 'image'),
        configText,
        configFile: path.join(build, '.config'),
        tree: {
          key: contentKey([built.artefacts, tree.fingerprint]),
          directory: build,
          sources: path.join(original.directory, suspect.directory),
          version: tree.version,
          cc,
        },
        portModules: await keptNeeded(from),
        module: path.join(from, suspect.object),
        vmlinux: await builtVmlinux(build, parseKernelConfig(configText)),
        series,
        build: {
          profiles: [...request.profiles],
          config: request.config,
          commit: tree.commit,
          compiler: `gcc ${version}`,
          ...(modulesLeftOut === undefined ? {} : { modulesLeftOut }),
        },
      },
      wanted,
    );
  });
}

const whole = (directory: string): Promise<boolean> =>
  stat(directory).then(
    () => true,
    () => false,
  );

/** Begins a patched tree's build folder as a copy of the tree's own, where there is such a build. */
async function begin(
  work: Work,
  { build, tree, from, name }: { build: string; tree: SourceTree; from: SourceTree; name: string },
): Promise<void> {
  if (await whole(path.join(build, 'dmrace.json'))) return;
  const first = path.join(work.cache.root, 'build', name);
  await work.cache.locked(`build-${name}`, async () => {
    if (!(await whole(path.join(first, 'dmrace.json')))) return;
    work.say(`copying the build of ${from.directory}: only what the patches change is built`);
    const seed = { from: first, fromTree: from.directory, to: build, toTree: tree.directory };
    await seedBuild(seed, work);
  });
}

/** One build of a kernel. */
interface Making {
  readonly tree: SourceTree;
  /** The build folder. */
  readonly build: string;
  readonly request: BuildRequest;
  /** What every make of this build is told: both folders, architecture, compiler. */
  readonly make: readonly string[];
  /** Steps of the longest build that this folder has seen; null before the first. */
  readonly before: number | null;
  readonly suspect: SuspectBuild;
  readonly links?: LinkedTree;
}

/** Configures and builds; @returns what to remember of it, without the inputs. */
async function compile(work: Work, making: Making): Promise<Omit<Built, 'inputs'>> {
  const { cache, arch, say } = work;
  const { tree, build, request, make, before } = making;
  const started = performance.now();
  say(`configuring ${tree.directory} (${tree.version}) in ${build}`);
  const needed = [...arch.kernel.portModules, making.suspect.module];
  const source = tree.directory;
  const { modulesLeftOut } = await configure(work, { source, build, request, make, needed });
  if (modulesLeftOut !== null) {
    say(`${request.config}: ${leftOutWords(modulesLeftOut)} by localmodconfig (--all-modules)`);
  }
  const configText = await readFile(path.join(build, '.config'), 'utf8');
  const file = path.join(build, '.config');
  requireConfig({ text: configText, what: `src:${tree.directory}`, file }, making.suspect);
  const image = bootImage(arch, parseKernelConfig(configText));
  const steps = await makeWhole(work, making, [image.target, 'modules']);
  const release = (
    await readFile(path.join(build, 'include/config/kernel.release'), 'utf8')
  ).trim();
  const artefacts = await keepArtefacts(work, making, image);
  const { size } = await stat(path.join(cache.root, 'built', artefacts, 'image'));
  say(
    `built ${release}: ${steps} files in ${((performance.now() - started) / 1000).toFixed(0)} s, image ${prettyBytes(size)}`,
  );
  const trimmed = modulesLeftOut === null ? {} : { modulesLeftOut };
  return { steps: Math.max(steps, before ?? 0), artefacts, release, ...trimmed };
}

const leftOutWords = (modules: number): string => `${modules} modules left out`;

/**
 * Has make build, and of a linked tree look again for what was read past it: then once more, which
 * builds that alone.
 * @returns the number of steps.
 */
async function makeWhole(work: Work, making: Making, targets: readonly string[]): Promise<number> {
  const { links, build } = making;
  let steps = await makeAll(work, making, targets);
  while (links && (await links.strays(await filesRead(build, links.passes)))) {
    work.say('some sources go through a linked folder into the tree without the patches: again');
    steps += await makeAll(work, making, targets);
  }
  return steps;
}

/**
 * Has make build. Before a folder's first whole build make is asked how much there is to do, which
 * it can tell once what is generated is there; later builds are seldom as long as the longest so
 * far.
 * @returns the number of steps.
 */
async function makeAll(work: Work, making: Making, targets: readonly string[]): Promise<number> {
  const { tree, build, before } = making;
  const make = [`-j${availableParallelism()}`, ...making.make];
  const what = `src:${tree.directory}`;
  const all = { arguments: [...make, ...targets], log: path.join(build, 'dmrace-make.log'), what };
  if (before !== null) {
    return runMake(work, { ...all, expected: { steps: before, how: 'at most' } });
  }
  const log = path.join(build, 'dmrace-prepare.log');
  const prepare = { arguments: [...make, 'prepare'], log, what, expected: null };
  const prepared = await runMake(work, prepare);
  const left = await countSteps(all.arguments, work.signal);
  const expected = left === null ? null : ({ steps: prepared + left, how: 'about' } as const);
  return prepared + (await runMake(work, { ...all, doneSteps: prepared, expected }));
}

/** What is booted: vmlinux itself where QEMU can start it, else the architecture's own image. */
interface BootImage {
  readonly target: string;
  readonly file: string;
  /** Symbols are of no use to the booted kernel and only take time to load. */
  readonly strip: boolean;
}

/** QEMU starts an ELF with a PVH note without firmware (hw/i386/x86.c, since 4.0). */
export function bootImage(arch: Arch, config: KernelConfig): BootImage {
  const option = arch.kernel.vmlinuxOption;
  if (option !== null && config.get(option) === 'y') {
    return { target: 'vmlinux', file: 'vmlinux', strip: true };
  }
  return { target: path.basename(arch.kernel.image), file: arch.kernel.image, strip: false };
}

/** Copies what is booted into the cache; @returns its key there. */
async function keepArtefacts(
  { cache, arch }: Pick<Work, 'cache' | 'arch'>,
  { build, suspect }: Pick<Making, 'build' | 'suspect'>,
  image: BootImage,
): Promise<string> {
  const strip = `${crossPrefix(arch)}strip`;
  const folder = path.join(build, 'dmrace-artefacts');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const at = (name: string): string => path.join(folder, name);
  if (image.strip) await runTool(strip, ['-s', '-o', at('image'), path.join(build, image.file)]);
  else await copyFile(path.join(build, image.file), at('image'));
  // As the distribution's modules are: no debug information.
  const module = path.join(build, suspect.directory, suspect.object);
  await runTool(strip, ['-g', '-o', at(suspect.object), module]);
  await copyFile(path.join(build, '.config'), at('config'));
  const symvers = path.join(build, 'Module.symvers');
  if (await whole(symvers)) await copyFile(symvers, at('Module.symvers'));
  const needed = await keepNeeded(build, at(suspect.object), folder, strip);
  const names = ['image', suspect.object, 'config', 'Module.symvers', ...needed];
  const contents = await Promise.all(
    names.map((name) => readFile(at(name)).catch(() => Buffer.alloc(0))),
  );
  const key = createHash('sha256').update(contentKey(contents)).digest('hex').slice(0, 32);
  await cache.entry('built', key, async (directory) => {
    for (const name of names) {
      await copyFile(at(name), path.join(directory, name)).catch((error: unknown) => {
        if (name !== 'Module.symvers') throw error;
      });
    }
  });
  await rm(folder, { recursive: true });
  return key;
}
