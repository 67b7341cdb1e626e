// SPDX-License-Identifier: MIT
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { parseKernelSpec } from '../model/kernel.js';
import type { Cache } from '../util/cache.js';

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
