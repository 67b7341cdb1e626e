// SPDX-License-Identifier: GPL-2.0-only
import { access, cp, readFile, rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import type { Report } from '../ports.js';
import { assets } from '../util/assets.js';
import { type Cache, contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { crossPrefix } from '../util/toolchain.js';
import { moveReleaseIntoModule } from './control.js';

/** A tree to build modules against: headers or a built kernel, with its drivers/md sources. */
export interface BuildTree {
  /** Names the tree and its content; part of cache keys. */
  readonly key: string;
  /** For `make -C`. */
  readonly directory: string;
  /** drivers/md of the same sources. */
  readonly md: string;
  /** Kernel version, e.g. `6.1.192`. */
  readonly version: string;
  /** The compiler's command, when it is not the one that the tree names itself. */
  readonly cc?: string;
  /** uname -r, when the tree's own would not be the image's. */
  readonly release?: string;
}

async function make(
  tree: BuildTree,
  arch: Arch,
  module: string,
  targets: string[],
  signal: AbortSignal,
): Promise<void> {
  const prefix = crossPrefix(arch);
  await runTool(
    'make',
    [
      '-s',
      `-j${availableParallelism()}`,
      '-C',
      tree.directory,
      `ARCH=${arch.names.kernel}`,
      ...(prefix === '' ? [] : [`CROSS_COMPILE=${prefix}`]),
      ...(tree.cc === undefined ? [] : [`CC=${tree.cc}`]),
      ...(tree.release === undefined ? [] : [`KERNELRELEASE=${tree.release}`]),
      // Only make sees this, not the C code: no BTF for modules, which would take pahole and vmlinux.
      'CONFIG_DEBUG_INFO_BTF_MODULES=',
      `M=${module}`,
      ...targets,
    ],
    { signal },
  ).catch((error: unknown) => {
    if (!(error instanceof DmraceError)) throw error;
    throw new DmraceError('inconclusive', {
      observed: `the modules for ${tree.version} do not build: ${error.facts.observed}`,
      artefact: tree.directory,
      action: 'see the compiler’s lines above; the kernel and its headers must match',
    });
  });
}

/** The control's module with its debug information, beside the one that is booted. */
const DEBUG_COPY = 'dm-mod.debug.ko';

/** The same module for a debugger: with debug information where there is any. */
export async function forDebugger(dmMod: string): Promise<string> {
  const copy = path.join(path.dirname(dmMod), DEBUG_COPY);
  return access(copy).then(
    () => copy,
    () => dmMod, // a module of a distribution, or one from before copies were kept
  );
}

/** The control's dm-mod.ko: the release method inside the module. About 12 s on two cores. */
export async function buildControl(
  cache: Cache,
  tree: BuildTree,
  arch: Arch,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const data = await readFile(assets('kernel-config/control.json'), 'utf8');
  const entry = await cache.entry(
    'control',
    contentKey([tree.key, arch.name, data, 'strip -g']),
    async (directory) => {
      const started = Date.now();
      const md = path.join(directory, 'md');
      await cp(tree.md, md, { recursive: true });
      await moveReleaseIntoModule(md, tree.version, data);
      await make(tree, arch, md, ['dm-mod.ko'], signal);
      await rename(path.join(md, 'dm-mod.ko'), path.join(directory, DEBUG_COPY));
      // Without debug information, as the distribution's own modules are.
      await runTool(`${crossPrefix(arch)}strip`, [
        '-g',
        '-o',
        path.join(directory, 'dm-mod.ko'),
        path.join(directory, DEBUG_COPY),
      ]);
      await runTool('rm', ['-rf', md]);
      report(`built the control’s dm-mod.ko in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    },
  );
  return path.join(entry, 'dm-mod.ko');
}

/** The helper module. */
export async function buildHelper(
  cache: Cache,
  tree: BuildTree,
  arch: Arch,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const sources = ['Kbuild', 'dmrace_helper.c', 'dmrace_helper.h'];
  const texts = await Promise.all(sources.map((name) => readFile(assets('vm/helper', name))));
  const entry = await cache.entry(
    'helper',
    contentKey([tree.key, arch.name, ...texts]),
    async (directory) => {
      const started = Date.now();
      const build = path.join(directory, 'helper');
      await cp(assets('vm/helper'), build, { recursive: true });
      await make(tree, arch, build, ['modules'], signal);
      await cp(path.join(build, 'dmrace_helper.ko'), path.join(directory, 'dmrace_helper.ko'));
      await runTool('rm', ['-rf', build]);
      report(`built the helper module in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    },
  );
  return path.join(entry, 'dmrace_helper.ko');
}
