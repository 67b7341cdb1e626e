// SPDX-License-Identifier: MIT
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { parseKernelSpec } from '../model/kernel.js';
import type { Cache } from '../util/cache.js';
import { makeFolder } from '../util/io.js';

/**
 * Where a run's artefacts go when nothing is said: `dmrace-runs/TIME` in this folder. Not inside the
 * kernel tree that is judged, which is never written into (a new file there would make the next
 * build another one): then `runs/TIME` in the cache.
 */
export async function defaultRunFolder(
  cache: Cache,
  kernel: string,
  startedAt: string,
  cwd = process.cwd(),
): Promise<string> {
  const name = startedAt.replaceAll(/[:.]/g, '-');
  const spec = parseKernelSpec(kernel);
  if (spec.from === 'src') {
    const tree = await realpath(path.resolve(cwd, spec.path)).catch(() => null);
    const here = await realpath(cwd);
    if (tree !== null && `${here}/`.startsWith(`${tree}/`)) {
      return path.join(cache.root, 'runs', name);
    }
  }
  return path.join(cwd, 'dmrace-runs', name);
}

/**
 * The folder that artefacts go to, made where it is not there.
 * @returns its whole path
 * @throws DmraceError (usage) where it is no folder; (environment) where it cannot be made
 */
export async function requireFolder(
  cache: Cache,
  { out, kernel }: { readonly out: string | null; readonly kernel: string },
  startedAt: string,
): Promise<string> {
  const folder = out ?? (await defaultRunFolder(cache, kernel, startedAt));
  const found = await stat(folder).catch(() => null);
  if (found && !found.isDirectory()) {
    throw new DmraceError('usage', {
      observed: `--out ${folder} is there already, and is no folder`,
      artefact: path.resolve(folder),
      action: 'give --out a new folder',
    });
  }
  makeFolder(path.resolve(folder));
  return path.resolve(folder);
}
