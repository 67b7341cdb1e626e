// SPDX-License-Identifier: MIT
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Arch } from '../model/arch/index.js';
import { DmraceError, isOfKind } from '../model/errors.js';
import {
  type DroppedOption,
  describeDropped,
  droppedOptions,
  mergeFragments,
  parseFragment,
  probableReason,
  readKconfig,
} from '../model/fragment.js';
import { modulesOf, parseKernelConfig } from '../model/kernel.js';
import { type BuildRequest, isTrimmed } from '../model/kernel-profile.js';
import { assets } from '../util/assets.js';
import { runTool } from '../util/command.js';
import type { Work } from '../util/work.js';
import { trimModules } from './trim.js';

/**
 * The fragments of a request, in the order in which they are merged: what the race needs, then the
 * profiles. What an audit's guests need comes after the profiles: `base` leaves out their disks.
 */
export async function fragmentsOf(
  request: BuildRequest,
  arch: Arch,
  purpose: 'race' | 'audit' = 'race',
): Promise<string[]> {
  const needed = [purpose, arch.kernel.fragment];
  const files =
    purpose === 'race' ? [...needed, ...request.profiles] : [...request.profiles, ...needed];
  return Promise.all(
    files.map((name) => readFile(assets('kernel-config', `${name}.config`), 'utf8')),
  );
}

/** What is configured, and how. */
export interface Configuring {
  /** Top folder of the kernel tree. */
  readonly source: string;
  /** Where `.config` goes. */
  readonly build: string;
  readonly request: BuildRequest;
  /** What make is told besides the target: both folders, architecture, compiler. */
  readonly make: readonly string[];
  /** Modules that stay where a given .config is cut down, as /proc/modules names them. */
  readonly needed: readonly string[];
  /** What the kernel is for: whose fragments are merged; the race's if absent. */
  readonly fragments?: 'race' | 'audit';
}

/** What came of a configuration besides the `.config`. */
export interface Configured {
  /** Modules of the given .config that were left out; null where it was not cut down. */
  readonly modulesLeftOut: number | null;
}

/**
 * Writes the build folder's .config: the tree's defconfig or the given file, then the fragments,
 * then `make olddefconfig`, which settles what Kconfig allows. A given file is cut down to what is
 * built in and the modules that are needed; what the fragments ask for stays. A .config that comes out as before
 * keeps its time, so that make has nothing to do.
 * @throws DmraceError (inconclusive) when a required option was dropped.
 */
export async function configure(
  work: Pick<Work, 'arch' | 'say' | 'signal'>,
  { source, build, request, make, needed, fragments: purpose = 'race' }: Configuring,
): Promise<Configured> {
  const { arch, say, signal } = work;
  const fragments = await fragmentsOf(request, arch, purpose);
  const draft = path.join(build, '.config.dmrace');
  const explained = (name: string, making: Promise<unknown>): Promise<unknown> =>
    making.catch((error: unknown) => {
      if (!isOfKind(error, 'tool-failed')) throw error;
      throw new DmraceError('inconclusive', {
        observed: `make ${name} fails in ${source}: ${error.facts.observed}`,
        artefact: source,
        action: 'see the lines above; git bisect skips such a commit',
      });
    });
  const target = (name: string): Promise<unknown> => {
    const args = ['-s', ...make, `KCONFIG_CONFIG=${draft}`, name];
    return explained(name, runTool('make', args, { signal }));
  };
  // Profile base of an architecture may start from something smaller than its defconfig.
  const start = request.profiles.includes('base') ? arch.kernel.baseTarget : 'defconfig';
  if (request.config === null) await target(start);
  else await copyConfig(request.config, draft);
  /** Merges the fragments; @returns the modules that the draft then has. */
  const merge = async (): Promise<string[]> => {
    await writeFile(draft, [await readFile(draft, 'utf8'), ...fragments].join('\n'));
    await target('olddefconfig');
    return modulesOf(parseKernelConfig(await readFile(draft, 'utf8')));
  };
  const modules = await merge();
  let modulesLeftOut: number | null = null;
  if (isTrimmed(request)) {
    await explained('localmodconfig', trimModules({ build, draft, make, needed, signal }));
    // It may add one: it always wants IKCONFIG (scripts/kconfig/streamline_config.pl).
    const left = new Set(await merge());
    modulesLeftOut = modules.filter((name) => !left.has(name)).length;
  }

  const text = await readFile(draft, 'utf8');
  const config = parseKernelConfig(text);
  const dropped = droppedOptions(mergeFragments(fragments.map(parseFragment)), config);
  const lines = await explainDropped(source, dropped, text);
  for (const { option, line } of lines) if (!option.required) say(`dropped ${line}`);
  const fatal = lines.filter(({ option }) => option.required);
  if (fatal.length > 0) {
    throw new DmraceError('inconclusive', {
      observed: `this tree's configuration lacks what the ${purpose} needs:\n    ${fatal.map((f) => f.line).join('\n    ')}`,
      artefact: draft,
      action: 'enable what these options depend on (--config FILE), or skip this kernel',
    });
  }
  const final = path.join(build, '.config');
  const before = await readFile(final, 'utf8').catch(() => null);
  if (before !== text) await copyFile(draft, final);
  return { modulesLeftOut };
}

async function copyConfig(file: string, draft: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new DmraceError('usage', {
      observed: `--config ${file} cannot be read (${error instanceof Error ? error.message : String(error)})`,
      artefact: file,
      action: 'name a kernel’s .config',
    });
  });
  if (!/^(CONFIG_\w+=|# CONFIG_\w+ is not set)/m.test(text)) {
    throw new DmraceError('usage', {
      observed: `--config ${file} is no kernel configuration: no line of it sets a CONFIG_ option`,
      artefact: file,
      action: 'name a kernel’s .config',
    });
  }
  await writeFile(draft, text);
}

async function explainDropped(
  source: string,
  dropped: readonly DroppedOption[],
  configText: string,
): Promise<{ option: DroppedOption; line: string }[]> {
  if (dropped.length === 0) return [];
  const names = (await readdir(source, { recursive: true })).filter((file) =>
    /(^|\/)Kconfig[\w.-]*$/.test(file),
  );
  const texts = await Promise.all(
    names.map((file) => readFile(path.join(source, file), 'utf8').catch(() => '')),
  );
  const symbols = readKconfig(texts);
  const config = parseKernelConfig(configText);
  return dropped.map((option) => ({
    option,
    line: describeDropped(option, probableReason(option, symbols, config)),
  }));
}
