// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import {
  configProblems,
  type KernelIdentity,
  parseKernelConfig,
  preemption,
} from '../model/kernel.js';
import type { MethodHome } from '../model/placement.js';
import type { PreparedKernel, Report } from '../ports.js';
import type { Cache } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { crossPrefix } from '../util/toolchain.js';
import { type BuildTree, buildControl, buildHelper } from './kbuild.js';

/** Whatever its source, a kernel is these parts. */
export interface KernelParts {
  readonly spec: string;
  /** uname -r, which the built modules' vermagic must name. */
  readonly release: string;
  /** For people. */
  readonly version: string;
  readonly image: string;
  readonly configText: string;
  /** For messages. */
  readonly configFile: string;
  readonly tree: BuildTree;
  readonly portModules: readonly string[];
  readonly dmMod: string;
  readonly build?: KernelIdentity['build'];
}

/**
 * @param instead a kernel of the same kind that can run the race, for the error's action
 * @throws DmraceError (inconclusive) that names every problem at once.
 */
export function requireConfig(text: string, what: string, file: string, instead = ''): void {
  const problems = configProblems(parseKernelConfig(text));
  if (problems.length === 0) return;
  throw new DmraceError('inconclusive', {
    observed: `${what} cannot run the race: ${problems.map((p) => p.observed).join('; ')}`,
    artefact: file,
    action: [...(instead === '' ? [] : [instead]), ...problems.map((p) => p.action)].join('\n  '),
  });
}

/** Builds what the race adds to a kernel, and checks that it fits. */
export async function assembleKernel(
  cache: Cache,
  parts: KernelParts,
  arch: Arch,
  report: Report,
  signal: AbortSignal,
): Promise<PreparedKernel> {
  const helper = await buildHelper(cache, parts.tree, arch, report, signal);
  const methodHome = await methodHomeOf(parts.dmMod, arch);
  // A tree that has the method in the module already is its own control.
  const control =
    methodHome === 'dm_mod'
      ? parts.dmMod
      : await buildControl(cache, parts.tree, arch, report, signal);
  for (const file of [helper, control, parts.dmMod]) await requireVermagic(file, parts);
  const config = parseKernelConfig(parts.configText);
  const preempt = preemption(config);
  return {
    identity: {
      spec: parts.spec,
      release: parts.release,
      arch: arch.name,
      preempt: preempt.ok ? preempt.says : 'none',
      configSha256: createHash('sha256').update(parts.configText).digest('hex'),
      version: parts.version,
      methodHome,
      imageSha256: createHash('sha256')
        .update(await readFile(parts.image))
        .digest('hex'),
      ...(parts.build === undefined ? {} : { build: parts.build }),
    },
    arch,
    image: parts.image,
    config,
    preemptParameter: preempt.ok ? preempt.parameter : '',
    portModules: parts.portModules,
    helper,
    dmMod: { builtin: parts.dmMod, 'in-module': control },
  };
}

/** nm's letter: T or t for a function of the module's own, U for one that it takes from vmlinux. */
async function methodHomeOf(dmMod: string, arch: Arch): Promise<MethodHome> {
  const symbols = await runTool(`${crossPrefix(arch)}nm`, [dmMod]);
  return /^[0-9a-f]+ [Tt] dm_kobject_release$/m.test(symbols) ? 'dm_mod' : 'vmlinux';
}

/**
 * The first word of vermagic is the release, and a kernel refuses modules of another one
 * (include/linux/vermagic.h; kernel/module/version.c, same_magic()).
 */
async function requireVermagic(file: string, parts: KernelParts): Promise<void> {
  const vermagic = (await runTool('modinfo', ['-F', 'vermagic', file])).trim();
  const [release = ''] = vermagic.split(' ');
  if (release === parts.release) return;
  throw new DmraceError('inconclusive', {
    observed: `${file} is for kernel "${release}", the image is "${parts.release}"`,
    artefact: parts.tree.directory,
    action: 'name a build tree and modules of the very kernel that is to be booted',
  });
}
