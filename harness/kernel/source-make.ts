// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import prettyBytes from 'pretty-bytes';
import type { Arch } from '../model/arch/index.js';
import { type KernelConfig, parseKernelConfig } from '../model/kernel.js';
import type { BuildRequest } from '../model/kernel-profile.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { crossPrefix } from '../util/toolchain.js';
import type { Work } from '../util/work.js';
import type { AskedConfig } from './assemble.js';
import { countSteps, runMake } from './compile.js';
import { configure } from './configure.js';
import { filesRead, type LinkedTree } from './patch/farm.js';
import type { SourceTree } from './source-tree.js';

/** What a kernel is built for: what its configuration must have, and what is kept of the build. */
export interface BuildPurpose {
  /** The fragments of kernel-config/ that are merged. */
  readonly fragments: 'race' | 'audit';
  /** What of it makes another build of the same tree. */
  readonly about: string;
  /** Modules that stay where a given .config is cut down, as /proc/modules names them. */
  readonly needed: readonly string[];
  /** @throws DmraceError (inconclusive) for a configuration that is of no use. */
  readonly check: (config: AskedConfig) => void;
  /** Copies what is used of a finished build, besides image and configuration, into a folder. */
  readonly keep: (work: Work, done: FinishedBuild, folder: string) => Promise<void>;
}

/** A build folder in which make has done all that it was asked for. */
export interface FinishedBuild {
  readonly build: string;
  /** What make was told besides the targets: both folders, architecture, compiler. */
  readonly make: readonly string[];
  /** uname -r. */
  readonly release: string;
  /** For messages. */
  readonly what: string;
}

/** One build of a kernel. */
export interface Making {
  readonly tree: SourceTree;
  /** The build folder. */
  readonly build: string;
  readonly request: BuildRequest;
  /** What every make of this build is told: both folders, architecture, compiler. */
  readonly make: readonly string[];
  /** Steps of the longest build that this folder has seen; null before the first. */
  readonly before: number | null;
  readonly purpose: BuildPurpose;
  readonly links?: LinkedTree;
}

/** What came of a build. */
export interface Made {
  /** Steps of the longest build so far, for the progress of the next. */
  readonly steps: number;
  /** Key of the artefacts in the cache. */
  readonly artefacts: string;
  readonly release: string;
  /** Modules of a given .config that were left out. */
  readonly modulesLeftOut?: number;
}

/** For people. */
export const leftOutWords = (modules: number): string => `${modules} modules left out`;

/** Configures and builds. */
export async function compile(work: Work, making: Making): Promise<Made> {
  const { cache, arch, say } = work;
  const { tree, build, request, make, before, purpose } = making;
  const started = performance.now();
  say(`configuring ${tree.directory} (${tree.version}) in ${build}`);
  const needed = [...arch.kernel.portModules, ...purpose.needed];
  const source = tree.directory;
  const configuring = { source, build, request, make, needed, fragments: purpose.fragments };
  const { modulesLeftOut } = await configure(work, configuring);
  if (modulesLeftOut !== null) {
    say(`${request.config}: ${leftOutWords(modulesLeftOut)} by localmodconfig (--all-modules)`);
  }
  const configText = await readFile(path.join(build, '.config'), 'utf8');
  const what = `src:${tree.directory}`;
  purpose.check({ text: configText, what, file: path.join(build, '.config') });
  const image = bootImage(arch, parseKernelConfig(configText));
  const steps = await makeWhole(work, making, [image.target, 'modules']);
  const release = (
    await readFile(path.join(build, 'include/config/kernel.release'), 'utf8')
  ).trim();
  const artefacts = await keepArtefacts(work, making, image, { build, make, release, what });
  const { size } = await stat(path.join(cache.root, 'built', artefacts, 'image'));
  say(
    `built ${release}: ${steps} files in ${((performance.now() - started) / 1000).toFixed(0)} s, image ${prettyBytes(size)}`,
  );
  const trimmed = modulesLeftOut === null ? {} : { modulesLeftOut };
  return { steps: Math.max(steps, before ?? 0), artefacts, release, ...trimmed };
}

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
function bootImage(arch: Arch, config: KernelConfig): BootImage {
  const option = arch.kernel.vmlinuxOption;
  if (option !== null && config.get(option) === 'y') {
    return { target: 'vmlinux', file: 'vmlinux', strip: true };
  }
  return { target: path.basename(arch.kernel.image), file: arch.kernel.image, strip: false };
}

/** Copies what is booted into the cache; @returns its key there. */
async function keepArtefacts(
  work: Work,
  { build, purpose }: Pick<Making, 'build' | 'purpose'>,
  image: BootImage,
  done: FinishedBuild,
): Promise<string> {
  const { cache, arch } = work;
  const folder = path.join(build, 'dmrace-artefacts');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const at = (name: string): string => path.join(folder, name);
  const strip = `${crossPrefix(arch)}strip`;
  if (image.strip) await runTool(strip, ['-s', '-o', at('image'), path.join(build, image.file)]);
  else await cp(path.join(build, image.file), at('image'));
  await cp(path.join(build, '.config'), at('config'));
  const symvers = path.join(build, 'Module.symvers');
  // A kernel without modules has none.
  if (await stat(symvers).catch(() => null)) await cp(symvers, at('Module.symvers'));
  await purpose.keep(work, done, folder);
  const key = await keyOf(folder);
  await cache.entry('built', key, (directory) => cp(folder, directory, COPY));
  await rm(folder, { recursive: true });
  return key;
}

const COPY = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true } as const;

/** Names the content of a folder, which may be larger than memory. */
async function keyOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  const parts: string[] = [];
  for (const name of files) {
    const content = await readFile(path.join(folder, name));
    parts.push(name, createHash('sha256').update(content).digest('hex'));
  }
  return contentKey(parts);
}
