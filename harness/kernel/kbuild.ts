// SPDX-License-Identifier: MIT
import { access, cp, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { DmraceError, isOfKind } from '../model/errors.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import { assets } from '../util/assets.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { crossPrefix } from '../util/toolchain.js';
import type { Work } from '../util/work.js';
import { applyControlChange, readChangeFile } from './control.js';

/** A tree to build modules against: headers or a built kernel, with the suspect's sources. */
export interface BuildTree {
  /** Names the tree and its content; part of cache keys. */
  readonly key: string;
  /** For `make -C`. */
  readonly directory: string;
  /** The suspect's folder of the same sources. */
  readonly sources: string;
  /** Kernel version, e.g. `6.1.192`. */
  readonly version: string;
  /** The compiler's command, when it is not the one that the tree names itself. */
  readonly cc?: string;
  /** uname -r, when the tree's own would not be the image's. */
  readonly release?: string;
  /** Makes what is damaged of it again; called before anything is built from it. */
  readonly whole?: () => Promise<void>;
}

/**
 * Has kbuild build modules outside of the kernel's tree.
 * @param folder where the sources are, and where they are built
 * @throws DmraceError (inconclusive) when they do not build.
 */
export async function makeModules(
  { arch, signal }: Work,
  tree: BuildTree,
  folder: string,
  targets: readonly string[],
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
      // Only make sees this, not the C code: no BTF for modules, which would take pahole and
      // vmlinux.
      'CONFIG_DEBUG_INFO_BTF_MODULES=',
      `M=${folder}`,
      ...targets,
    ],
    { signal },
  ).catch((error: unknown) => {
    if (!isOfKind(error, 'tool-failed')) throw error;
    throw new DmraceError('inconclusive', {
      observed: `the modules for ${tree.version} do not build: ${error.facts.observed}`,
      artefact: tree.directory,
      action: 'see the compiler’s lines above; the kernel and its headers must match',
    });
  });
}

/** A control's module with its debug information, beside the one that is booted. */
export const debugCopy = (module: string): string => module.replace(/\.ko$/, '.debug.ko');

/** Without debug information, as the distribution's own modules are. */
export const stripped = async ({ arch }: Pick<Work, 'arch'>, from: string, to: string) =>
  void (await runTool(`${crossPrefix(arch)}strip`, ['-g', '-o', to, from]));

/** The same module for a debugger: with debug information where there is any. */
export async function forDebugger(module: string): Promise<string> {
  const copy = debugCopy(module);
  return access(copy).then(
    () => copy,
    () => module, // a module of a distribution, or one from before copies were kept
  );
}

/** The control's module, and the same without what has its method compiled otherwise. */
export interface ControlModules {
  readonly control: string;
  readonly asCompiled: string;
}

/**
 * The control's module: the suspect's with the change to its sources. About 12 s on two cores, the
 * module as compiled included: from one to the other a single object is compiled again.
 * @throws DmraceError (inconclusive) when the change does not fit these sources or the module does
 *   not build.
 */
export async function buildControl(
  work: Work,
  tree: BuildTree,
  suspect: SuspectBuild,
): Promise<ControlModules> {
  const change = await readChangeFile(suspect.change);
  const { object } = suspect;
  const asCompiled = path.join('as-compiled', object);
  const entry = await work.cache.entry(
    'control',
    contentKey([tree.key, work.arch.name, change.text, 'strip -g', asCompiled]),
    async (directory) => {
      await tree.whole?.();
      const started = Date.now();
      const sources = path.join(directory, path.basename(suspect.directory));
      const build = async (which: 'place' | 'compiler', name: string): Promise<void> => {
        const module = path.join(directory, name);
        await applyControlChange(sources, tree.version, change, which);
        await makeModules(work, tree, sources, [object]);
        await mkdir(path.dirname(module), { recursive: true });
        await rename(path.join(sources, object), debugCopy(module));
        await stripped(work, debugCopy(module), module);
      };
      await cp(tree.sources, sources, { recursive: true });
      await build('place', asCompiled);
      await build('compiler', object);
      await runTool('rm', ['-rf', sources]);
      work.say(`built the control’s ${object} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    },
  );
  return { control: path.join(entry, object), asCompiled: path.join(entry, asCompiled) };
}

/**
 * Modules of ours from a folder of vm/, built as its Kbuild says.
 * @returns the folder that holds them
 * @throws DmraceError (inconclusive) when they do not build.
 */
async function buildOurs(
  work: Work,
  tree: BuildTree,
  {
    kind,
    folder = kind,
    what,
  }: {
    readonly kind: 'helper' | 'planted' | 'audit' | 'audit-planted';
    readonly folder?: string;
    readonly what: string;
  },
): Promise<string> {
  const from = assets('vm', folder);
  const names = (await readdir(from, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(from, name))));
  return work.cache.entry(
    kind,
    contentKey([tree.key, work.arch.name, ...texts]),
    async (directory) => {
      await tree.whole?.();
      const started = Date.now();
      const build = path.join(directory, kind);
      await mkdir(build);
      for (const name of names) await cp(path.join(from, name), path.join(build, name));
      await makeModules(work, tree, build, ['modules']);
      const built = (await readdir(build)).filter((name) => name.endsWith('.ko'));
      for (const name of built) await cp(path.join(build, name), path.join(directory, name));
      await runTool('rm', ['-rf', build]);
      work.say(`built ${what} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    },
  );
}

/** The helper module. @throws DmraceError (inconclusive) when it does not build. */
export async function buildHelper(work: Work, tree: BuildTree): Promise<string> {
  const entry = await buildOurs(work, tree, { kind: 'helper', what: 'the helper module' });
  return path.join(entry, 'dmrace_helper.ko');
}

/**
 * The planted control's module, and the one that holds its twin's release method.
 * @throws DmraceError (inconclusive) when they do not build.
 */
export async function buildPlanted(
  work: Work,
  tree: BuildTree,
): Promise<{ readonly module: string; readonly pinned: string }> {
  const entry = await buildOurs(work, tree, { kind: 'planted', what: 'the planted control' });
  return {
    module: path.join(entry, 'dmrace_planted.ko'),
    pinned: path.join(entry, 'dmrace_pinned.ko'),
  };
}

/**
 * The module of the audit, which holds references on what appears and says where it points.
 * @throws DmraceError (inconclusive) when it does not build.
 */
export async function buildAuditModule(work: Work, tree: BuildTree): Promise<string> {
  const entry = await buildOurs(work, tree, { kind: 'audit', what: 'the module of the audit' });
  return path.join(entry, 'dmrace_audit.ko');
}

/**
 * The planted modules of the audit, each with one mistake or as its correct twin.
 * @returns their files
 * @throws DmraceError (inconclusive) when they do not build.
 */
export async function buildAuditPlanted(work: Work, tree: BuildTree): Promise<string[]> {
  const entry = await buildOurs(work, tree, {
    kind: 'audit-planted',
    folder: 'audit/planted',
    what: 'the planted modules of the audit',
  });
  const names = (await readdir(entry)).filter((name) => name.endsWith('.ko')).sort();
  return names.map((name) => path.join(entry, name));
}
