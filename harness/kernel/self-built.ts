// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import prettyBytes from 'pretty-bytes';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import type { Arch } from '../model/arch/index.js';
import { type KernelConfig, parseKernelConfig } from '../model/kernel.js';
import type { BuildRequest } from '../model/kernel-profile.js';
import type { PreparedKernel, Report } from '../ports.js';
import { type Cache, contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { onPath, requireTools } from '../util/host-tools.js';
import { readJson } from '../util/json.js';
import { crossPrefix } from '../util/toolchain.js';
import { assembleKernel, requireConfig } from './assemble.js';
import { countSteps, runMake } from './compile.js';
import { configure, fragmentsOf } from './configure.js';
import { openSourceTree, requireCompilerFor, type SourceTree } from './source-tree.js';

/** What is known of a build folder's last whole build. */
const Built = z.strictObject({
  /** Tree, fragments, .config and compiler it was built from. */
  inputs: z.string(),
  /** Steps of the longest build so far, for the progress of the next. */
  steps: z.number(),
  /** Key of the artefacts in the cache. */
  artefacts: z.string(),
  release: z.string(),
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

/**
 * A kernel built from a tree, which is never written into. The build folder belongs to the tree's
 * path, the profiles, the given .config's path and the compiler, and is used again, so the next
 * commit of a bisection builds only what it changed. What is booted is copied out under the hash of
 * its content: a later build does not touch a run in progress.
 * @throws DmraceError (usage) for a folder that is no clean kernel tree; (inconclusive) when it does
 *   not configure or build; (environment) when build tools are missing.
 */
export async function prepareSourceKernel(
  cache: Cache,
  spec: string,
  given: string,
  request: BuildRequest,
  arch: Arch,
  report: Report,
  signal: AbortSignal,
): Promise<PreparedKernel> {
  const tree = await openSourceTree(given, arch);
  await requireTools(arch, 'kernels');
  const version = await requireCompilerFor(tree.directory, arch);
  const prefix = crossPrefix(arch);
  const cc = (await onPath('ccache')) ? `ccache ${prefix}gcc` : `${prefix}gcc`;
  const configPath = request.config === null ? '' : path.resolve(request.config);
  const name = contentKey([
    tree.directory,
    arch.name,
    cc,
    version,
    configPath,
    ...request.profiles,
  ]);
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
    await mkdir(build, { recursive: true });
    const note = path.join(build, 'dmrace.json');
    const config = configPath === '' ? '' : await readFile(configPath, 'utf8').catch(() => '');
    const inputs = contentKey([tree.fingerprint, config, ...(await fragmentsOf(request, arch))]);
    // Damaged: build again, which takes little when nothing changed.
    const last = await readJson(note, Built);
    const known =
      last?.inputs === inputs && (await whole(path.join(cache.root, 'built', last.artefacts)));
    let built = last;
    if (!known || built === null) {
      built = await compile(cache, tree, build, request, arch, make, last, report, signal);
      built = { ...built, inputs };
      await writeFileAtomic(note, `${JSON.stringify(built)}\n`);
    }
    const from = path.join(cache.root, 'built', built.artefacts);
    const configText = await readFile(path.join(from, 'config'), 'utf8');
    return assembleKernel(
      cache,
      {
        spec,
        release: built.release,
        version: `${tree.version}${tree.commit === null ? '' : ` (${tree.commit})`}, gcc ${version}`,
        image: path.join(from, 'image'),
        configText,
        configFile: path.join(build, '.config'),
        tree: {
          key: contentKey([built.artefacts, tree.fingerprint]),
          directory: build,
          md: path.join(tree.directory, 'drivers/md'),
          version: tree.version,
          cc,
        },
        portModules: [],
        dmMod: path.join(from, 'dm-mod.ko'),
        build: {
          profiles: [...request.profiles],
          config: request.config,
          commit: tree.commit,
          compiler: `gcc ${version}`,
        },
      },
      arch,
      report,
      signal,
    );
  });
}

const whole = (directory: string): Promise<boolean> =>
  stat(directory).then(
    () => true,
    () => false,
  );

/** Configures and builds; @returns what to remember of it, without the inputs. */
async function compile(
  cache: Cache,
  tree: SourceTree,
  build: string,
  request: BuildRequest,
  arch: Arch,
  make: readonly string[],
  last: Built | null,
  report: Report,
  signal: AbortSignal,
): Promise<Built> {
  const started = performance.now();
  report(`configuring ${tree.directory} (${tree.version}) in ${build}`);
  await configure(tree.directory, build, request, arch, make, report, signal);
  const configText = await readFile(path.join(build, '.config'), 'utf8');
  requireConfig(configText, `src:${tree.directory}`, path.join(build, '.config'));
  const image = bootImage(arch, parseKernelConfig(configText));
  const steps = await makeAll(
    {
      make: [`-j${availableParallelism()}`, ...make],
      targets: [image.target, 'modules'],
      build,
      what: `src:${tree.directory}`,
      before: last?.steps ?? null,
    },
    report,
    signal,
  );
  const release = (
    await readFile(path.join(build, 'include/config/kernel.release'), 'utf8')
  ).trim();
  const artefacts = await keepArtefacts(cache, build, image, arch);
  const { size } = await stat(path.join(cache.root, 'built', artefacts, 'image'));
  report(
    `built ${release}: ${steps} files in ${((performance.now() - started) / 1000).toFixed(0)} s, image ${prettyBytes(size)}`,
  );
  return { inputs: '', steps: Math.max(steps, last?.steps ?? 0), artefacts, release };
}

/** One build of a kernel by make. */
interface Making {
  readonly make: readonly string[];
  readonly targets: readonly string[];
  readonly build: string;
  readonly what: string;
  /** Steps of the longest build that this folder has seen; null before the first. */
  readonly before: number | null;
}

/**
 * Has make build. Before a folder's first whole build make is asked how much there is to do, which it
 * can tell once what is generated is there; later builds are seldom as long as the longest so far.
 * @returns the number of steps.
 */
async function makeAll(making: Making, report: Report, signal: AbortSignal): Promise<number> {
  const { make, targets, build, what, before } = making;
  const all = { arguments: [...make, ...targets], log: path.join(build, 'dmrace-make.log'), what };
  if (before !== null) {
    return runMake({ ...all, expected: { steps: before, how: 'at most' } }, report, signal);
  }
  const log = path.join(build, 'dmrace-prepare.log');
  const prepare = { arguments: [...make, 'prepare'], log, what, expected: null };
  const prepared = await runMake(prepare, report, signal);
  const left = await countSteps(all.arguments, signal);
  const expected = left === null ? null : ({ steps: prepared + left, how: 'about' } as const);
  return prepared + (await runMake({ ...all, doneSteps: prepared, expected }, report, signal));
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

async function keepArtefacts(
  cache: Cache,
  build: string,
  image: BootImage,
  arch: Arch,
): Promise<string> {
  const strip = `${crossPrefix(arch)}strip`;
  const work = path.join(build, 'dmrace-artefacts');
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  const at = (name: string): string => path.join(work, name);
  if (image.strip) await runTool(strip, ['-s', '-o', at('image'), path.join(build, image.file)]);
  else await copyFile(path.join(build, image.file), at('image'));
  // As the distribution's modules are: no debug information.
  await runTool(strip, ['-g', '-o', at('dm-mod.ko'), path.join(build, 'drivers/md/dm-mod.ko')]);
  await copyFile(path.join(build, '.config'), at('config'));
  const symvers = path.join(build, 'Module.symvers');
  if (await whole(symvers)) await copyFile(symvers, at('Module.symvers'));
  const names = ['image', 'dm-mod.ko', 'config', 'Module.symvers'];
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
  await rm(work, { recursive: true });
  return key;
}
