// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import { runTool } from '../util/command.js';
import type { Work } from '../util/work.js';

const SUFFIX = /\.ko(\.xz|\.zst|\.gz)?$/;
const normal = (name: string): string => name.replaceAll('-', '_');

/** All modules below a folder by name, `-` written as `_`. */
async function index(directory: string): Promise<Map<string, string>> {
  const files = await readdir(directory, { recursive: true });
  return new Map(
    files
      .filter((file) => SUFFIX.test(file))
      .map((file) => [normal(path.basename(file).replace(SUFFIX, '')), path.join(directory, file)]),
  );
}

/** Copies a module out of a kernel's folder, uncompressed. */
async function extract(file: string, target: string): Promise<void> {
  const tools: Record<string, string[]> = {
    '.xz': ['xz', '-dc'],
    '.zst': ['zstd', '-dcq'],
    '.gz': ['gzip', '-dc'],
  };
  const tool = tools[path.extname(file)];
  if (!tool) return copyFile(file, target);
  await runTool('sh', ['-c', `${tool.join(' ')} "$1" >"$2"`, 'sh', file, target]);
}

/**
 * Finds modules and what they need (modinfo), copies them uncompressed into `target` and returns
 * their paths, needed ones first. Names that the kernel has built in are left out.
 * @throws DmraceError (inconclusive) for a module that is neither there nor built in.
 */
export async function gatherModules(
  directory: string,
  names: readonly string[],
  target: string,
): Promise<string[]> {
  const modules = await index(directory);
  const builtinList = (await readdir(directory, { recursive: true })).find((file) =>
    file.endsWith('modules.builtin'),
  );
  const builtin = builtinList ? await readFile(path.join(directory, builtinList), 'utf8') : '';
  const isBuiltin = (name: string): boolean =>
    builtin.split('\n').some((line) => normal(path.basename(line).replace(SUFFIX, '')) === name);

  const ordered: string[] = [];
  const add = async (name: string): Promise<void> => {
    const wanted = normal(name);
    const copy = path.join(target, `${wanted}.ko`);
    if (ordered.includes(copy)) return;
    const file = modules.get(wanted);
    if (file === undefined) {
      if (isBuiltin(wanted)) return;
      throw new DmraceError('inconclusive', {
        observed: `${directory} has no module ${name}, and it is not built in`,
        artefact: directory,
        action: `enable it in the kernel's configuration`,
      });
    }
    await extract(file, copy);
    const needed = (await runTool('modinfo', ['-F', 'depends', copy])).trim();
    for (const dependency of needed.split(',').filter(Boolean)) await add(dependency);
    ordered.push(copy);
  };
  for (const name of names) await add(name);
  return ordered;
}

/** The modules that the guest loads, uncompressed. */
export interface GuestModules {
  /** To be loaded before the guest has ports, in order. */
  readonly ports: readonly string[];
  /** The suspect's. */
  readonly suspect: string;
}

/**
 * Copies the modules that the guest loads into the cache.
 * @param key names the kernel that they are of
 * @param from folder of its modules
 * @throws DmraceError (inconclusive) for a module that is neither there nor built in.
 */
export async function portsAndSuspect(
  { cache, arch }: Pick<Work, 'cache' | 'arch'>,
  key: string,
  from: string,
  suspect: SuspectBuild,
): Promise<GuestModules> {
  const name = `${suspect.module}.ko`;
  const entry = await cache.entry('modules', `${key}_${suspect.module}`, async (directory) => {
    const all = path.join(directory, 'all');
    await mkdir(all);
    const ports = await gatherModules(from, arch.kernel.portModules, all);
    const needed = await gatherModules(from, [suspect.module], all);
    const order = [...ports, ...needed.filter((file) => !ports.includes(file))].map((file) =>
      path.basename(file),
    );
    await writeFile(path.join(directory, 'order'), `${order.join('\n')}\n`);
  });
  const order = (await readFile(path.join(entry, 'order'), 'utf8')).trim().split('\n');
  const at = (file: string): string => path.join(entry, 'all', file);
  return { ports: order.filter((file) => file !== name).map(at), suspect: at(name) };
}

/** The list of {@link keepNeeded}, in the order in which the modules are to be loaded. */
const NEEDED = 'needed-modules';

/**
 * Copies what a module of a build folder needs beside it, without debug information.
 * @param strip the command
 * @returns names of the files there: a list of them and the modules; none where it needs nothing
 */
export async function keepNeeded(
  build: string,
  module: string,
  target: string,
  strip: string,
): Promise<string[]> {
  const depends = (await runTool('modinfo', ['-F', 'depends', module])).trim();
  if (depends === '') return [];
  const files = await gatherModules(build, depends.split(','), target);
  for (const file of files) await runTool(strip, ['-g', file]);
  const names = files.map((file) => path.basename(file));
  await writeFile(path.join(target, NEEDED), `${names.join('\n')}\n`);
  return [NEEDED, ...names];
}

/** The paths of the modules that {@link keepNeeded} has left in a folder, in order. */
export async function keptNeeded(folder: string): Promise<string[]> {
  const names = await readFile(path.join(folder, NEEDED), 'utf8').catch(() => '');
  return names
    .split('\n')
    .filter(Boolean)
    .map((name) => path.join(folder, name));
}
