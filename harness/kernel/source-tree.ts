// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import { runTool } from '../util/command.js';
import { exists } from '../util/io.js';
import { crossPrefix } from '../util/toolchain.js';

/** A kernel tree as it was found; nothing is ever written into it. */
export interface SourceTree {
  /** Absolute, links followed. */
  readonly directory: string;
  /** VERSION.PATCHLEVEL.SUBLEVEL-EXTRAVERSION of its Makefile. */
  readonly version: string;
  /** git describe, or null without git. */
  readonly commit: string | null;
  /** Changes when any file of the tree does: names, sizes and times. */
  readonly fingerprint: string;
}

/** Files that tell a kernel tree; the suspect's Makefile has to be there too. */
const NEEDED = ['Makefile', 'Kconfig', 'scripts/Kbuild.include'];

/** Version of a kernel's top Makefile; null when it is not one. Exported for its test. */
export function makefileVersion(text: string): string | null {
  const value = (name: string): string =>
    new RegExp(`^${name}[ \\t]*=[ \\t]*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const [major, minor] = [value('VERSION'), value('PATCHLEVEL')];
  if (!/^\d+$/.test(major) || !/^\d+$/.test(minor)) return null;
  const sub = value('SUBLEVEL');
  return `${major}.${minor}${sub === '' ? '' : `.${sub}`}${value('EXTRAVERSION')}`;
}

/**
 * Looks at a tree.
 * @throws DmraceError (usage) when it is not a kernel tree, when its path has a space or a colon
 *   (top Makefile: "source directory cannot contain spaces or colons"), or when it was built in
 *   place: kbuild refuses `O=` then (top Makefile, outputmakefile); (inconclusive) when it is older
 *   than the release method.
 * @param suspect whose sources have to be there; null: none
 */
export async function openSourceTree(
  given: string,
  arch: Arch,
  suspect: SuspectBuild | null,
): Promise<SourceTree> {
  const directory = await realpath(given).catch(() => path.resolve(given));
  const absent: string[] = [];
  for (const name of [...NEEDED, ...(suspect ? [`${suspect.directory}/Makefile`] : [])]) {
    if (!(await exists(path.join(directory, name)))) absent.push(name);
  }
  const makefile = await textOf(path.join(directory, 'Makefile'));
  const version = makefileVersion(makefile);
  if (absent.length > 0 || version === null) {
    const why =
      absent.length > 0 ? `it has no ${absent.join(', ')}` : 'its Makefile has no VERSION';
    throw new DmraceError('usage', {
      observed: `src:${given} is not a kernel tree: ${why}`,
      artefact: directory,
      action: 'name the top folder of a kernel tree or of a git worktree of one',
    });
  }
  if (/[\s:]/.test(directory)) {
    throw new DmraceError('usage', {
      observed: `src:${given}: kbuild cannot build from a path with spaces or colons: "${directory}"`,
      artefact: directory,
      action: 'name the tree by another path: move it, or git worktree add a folder without them',
    });
  }
  if (suspect && !(await hasMethod(directory, suspect))) {
    const absent = suspect.methodSources.map(({ file, text }) =>
      text === null ? `no ${suspect.directory}/${file}` : `no ${suspect.method}() in ${file}`,
    );
    throw new DmraceError('inconclusive', {
      observed: `${directory} (${version}) has ${absent.join(', and ')}`,
      artefact: directory,
      action: `choose a kernel from ${suspect.methodSince} on: before, there is no release method to judge`,
    });
  }
  // A Kconfig-less arch folder fails later; these three are what outputmakefile looks for.
  const built = ['.config', 'include/config', `arch/${arch.names.kernel}/include/generated`];
  const found: string[] = [];
  for (const name of built) if (await exists(path.join(directory, name))) found.push(name);
  if (found.length > 0) {
    throw new DmraceError('usage', {
      observed: `src:${given} was built in place: it holds ${found.join(', ')}, and kbuild then refuses to build elsewhere (O=)`,
      artefact: directory,
      action: `make -C ${directory} ARCH=${arch.names.kernel} mrproper (it removes .config: keep a copy), or name a clean git worktree of it`,
    });
  }
  return {
    directory,
    version,
    commit: await commitOf(directory),
    fingerprint: await fingerprint(directory),
  };
}

/** Whether a tree has the method that is asked about, wherever it is. */
async function hasMethod(directory: string, suspect: SuspectBuild): Promise<boolean> {
  for (const { file, text } of suspect.methodSources) {
    const source = path.join(directory, suspect.directory, file);
    if (text === null ? await exists(source) : text.test(await textOf(source))) return true;
  }
  return false;
}

const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/**
 * As `git describe --dirty` says it, which writes the index it has refreshed whatever
 * --no-optional-locks says (builtin/describe.c); git status listens.
 */
async function commitOf(directory: string): Promise<string | null> {
  const git = (...args: string[]) =>
    execa('git', ['--no-optional-locks', '-C', directory, ...args], {
      reject: false,
      env: { GIT_CEILING_DIRECTORIES: path.dirname(directory) },
    });
  const described = await git('describe', '--always', '--abbrev=12');
  if (described.failed) return null;
  const status = await git('status', '--porcelain', '--untracked-files=no');
  return `${described.stdout.trim()}${status.stdout === '' ? '' : '-dirty'}`;
}

async function fingerprint(directory: string): Promise<string> {
  const list = await runTool(
    'find',
    ['.', '-name', '.git', '-prune', '-o', '-type', 'f', '-printf', '%P %s %T@\\n'],
    { cwd: directory },
  );
  const lines = list.split('\n').sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/**
 * The compiler that a build uses, as its version says.
 * @throws DmraceError (inconclusive) when it is older than the tree allows
 *   (scripts/min-tool-version.sh, since 5.15; older trees say nothing).
 */
export async function requireCompilerFor(directory: string, arch: Arch): Promise<string> {
  const gcc = `${crossPrefix(arch)}gcc`;
  const version = (await runTool(gcc, ['-dumpfullversion'])).trim();
  const script = path.join(directory, 'scripts/min-tool-version.sh');
  if (!(await exists(script))) return version;
  const minimum = (
    await runTool('sh', [script, 'gcc'], { env: { SRCARCH: arch.names.kernel } })
  ).trim();
  if (compareVersions(version, minimum) < 0) {
    throw new DmraceError('inconclusive', {
      observed: `${gcc} is ${version}`,
      limit: `these sources want gcc ${minimum} or newer`,
      artefact: script,
      action:
        'install a newer gcc, or use that of a newer Debian release in a container: --docker --suite sid',
    });
  }
  return version;
}

/** Compares dotted numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
