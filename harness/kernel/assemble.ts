// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DmraceError } from '../model/errors.js';
import { configProblems, parseKernelConfig, preemption } from '../model/kernel.js';
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { Series } from '../model/patch.js';
import type { MethodHome } from '../model/placement.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import type { PreparedKernel } from '../ports.js';
import { objectSymbol } from '../qemu/code.js';
import { runTool } from '../util/command.js';
import { together } from '../util/together.js';
import type { Work } from '../util/work.js';
import { type BuildTree, buildControl, buildHelper, buildPlanted } from './kbuild.js';

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
  /** The suspect's module, as it was built with the image or came with it. */
  readonly module: string;
  readonly build?: KernelIdentity['build'];
  /** As {@link PreparedKernel} has it. */
  readonly vmlinux?: string | undefined;
  /** The series that it has on top of its sources, where one was asked for. */
  readonly series?: Series | null;
}

/** A configuration that is asked whether it can run the race. */
export interface AskedConfig {
  readonly text: string;
  /** For messages: whose it is, and the file that it is in. */
  readonly what: string;
  readonly file: string;
  /** A kernel of the same kind that can run the race, for the error's action. */
  readonly instead?: string;
}

/** @throws DmraceError (inconclusive) that names every problem at once. */
export function requireConfig(
  { text, what, file, instead = '' }: AskedConfig,
  suspect: SuspectBuild,
): void {
  const problems = configProblems(parseKernelConfig(text), suspect);
  if (problems.length === 0) return;
  throw new DmraceError('inconclusive', {
    observed: `${what} cannot run the race: ${problems.map((p) => p.observed).join('; ')}`,
    artefact: file,
    action: [...(instead === '' ? [] : [instead]), ...problems.map((p) => p.action)].join('\n  '),
  });
}

/** What a kernel is prepared for. */
export interface Wanted {
  /** Whose unload is asked about: its module comes with the kernel, its control is built. */
  readonly suspect: SuspectBuild;
  /** Whether the planted control is built too. */
  readonly planted: boolean;
  /** Whether the rebuilt control is: a kernel that is compared has that of the kernel without a series. */
  readonly control: boolean;
}

/**
 * Builds what the race adds to a kernel, and checks that it fits.
 * @throws DmraceError (inconclusive) when it does not build, or does not fit.
 */
export async function assembleKernel(
  work: Work,
  parts: KernelParts,
  { suspect, planted, control: withControl }: Wanted,
): Promise<PreparedKernel> {
  const { arch } = work;
  const letter = await objectSymbol(parts.module, suspect.method, arch);
  // T or t: a function of the module's own. U: one that it takes from vmlinux.
  const methodHome: MethodHome = /^[Tt]$/.test(letter ?? '') ? 'dm_mod' : 'vmlinux';
  const { tree } = parts;
  const [helper, rebuilt, ours] = await together(work, [
    (own) => buildHelper(own, tree),
    // A tree that has the method in the module already is its own control.
    async (own) =>
      !withControl
        ? null
        : methodHome === 'vmlinux'
          ? buildControl(own, tree, suspect)
          : { control: parts.module, asCompiled: parts.module },
    async (own) => (planted ? buildPlanted(own, tree) : null),
  ]);
  const built = [
    helper,
    parts.module,
    ...(rebuilt ? [rebuilt.control, rebuilt.asCompiled] : []),
    ...(ours ? [ours.module, ours.pinned] : []),
  ];
  await requireVermagic(built, parts);
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
      ...patchesOf(parts),
    },
    arch,
    image: parts.image,
    config,
    preemptParameter: preempt.ok ? preempt.parameter : '',
    portModules: parts.portModules,
    helper,
    objects: {
      builtin: parts.module,
      ...(rebuilt ? { 'in-module': rebuilt.control, 'as-compiled': rebuilt.asCompiled } : {}),
    },
    ...(parts.vmlinux === undefined ? {} : { vmlinux: parts.vmlinux }),
    ...(ours ? { planted: ours } : {}),
  };
}

/** What a run says of the series; nothing where none was asked for. */
export const patchesOf = ({
  series,
}: Pick<KernelParts, 'series'>): Pick<KernelIdentity, 'patches'> =>
  series === undefined || series === null || series.length === 0
    ? {}
    : { patches: series.map(({ file, subject, sha256 }) => ({ file, subject, sha256 })) };

/**
 * The first word of vermagic is the release, and a kernel refuses modules of another one
 * (include/linux/vermagic.h; kernel/module/version.c, same_magic()).
 */
export async function requireVermagic(
  files: readonly string[],
  parts: Pick<KernelParts, 'release'> & { readonly tree: Pick<BuildTree, 'directory'> },
): Promise<void> {
  const said = await runTool('modinfo', ['-F', 'vermagic', ...files]);
  // One line a file.
  const releases = said.split('\n').map((line) => line.split(' ')[0] ?? '');
  const at = files.findIndex((_, index) => releases[index] !== parts.release);
  if (at < 0) return;
  const release = releases[at] ?? '';
  throw new DmraceError('inconclusive', {
    observed: `${files[at]} is for kernel "${release}", the image is "${parts.release}"`,
    artefact: parts.tree.directory,
    action: 'name a build tree and modules of the very kernel that is to be booted',
  });
}
