// SPDX-License-Identifier: GPL-2.0-only
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import type { Cache } from '../util/cache.js';
import { runTool } from '../util/command.js';

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

/** The modules that the guest loads, uncompressed, in order. */
export async function portsAndDm(
  cache: Cache,
  key: string,
  from: string,
  arch: Arch,
): Promise<{ ports: string[]; dmMod: string }> {
  const entry = await cache.entry('modules', key, async (directory) => {
    const work = path.join(directory, 'all');
    await mkdir(work);
    const ports = await gatherModules(from, arch.kernel.portModules, work);
    const dm = await gatherModules(from, ['dm_mod'], work);
    const order = [...ports, ...dm.filter((file) => !ports.includes(file))].map((file) =>
      path.basename(file),
    );
    await writeFile(path.join(directory, 'order'), `${order.join('\n')}\n`);
  });
  const order = (await readFile(path.join(entry, 'order'), 'utf8')).trim().split('\n');
  const files = order.map((name) => path.join(entry, 'all', name));
  return {
    ports: files.filter((file) => !file.endsWith('/dm_mod.ko')),
    dmMod: path.join(entry, 'all', 'dm_mod.ko'),
  };
}
