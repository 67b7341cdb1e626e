// SPDX-License-Identifier: MIT
import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../../util/json.js';
import { type Given, setting } from './places.js';

/** What of a run.json decides about the container. */
const Recorded = z.looseObject({
  kernel: z.looseObject({
    spec: z.string(),
    arch: z.string(),
    build: z.looseObject({ config: z.string().nullable() }).optional(),
  }),
  patch: z.array(z.string()).optional(),
});

/**
 * The kernel of a saved run that is to go on (`--resume DIR`) or to be run again (`replay DIR`): its
 * tree, its suite and its patches are on no command line. As settings, empty without such a run.
 */
export async function recordedSettings(given: Given): Promise<Record<string, string | string[]>> {
  const at = given.argv.indexOf('replay');
  const folders =
    given.command === 'replay'
      ? given.argv.slice(at + 1).filter((word) => !word.startsWith('-'))
      : [setting(given, 'resume') ?? ''].filter(Boolean);
  for (const folder of folders) {
    const run = await readJson(path.resolve(given.cwd, folder, 'run.json'), Recorded);
    if (run === null) continue; // no run's folder, or damaged: the inner program says so
    const { spec, arch, build } = run.kernel;
    return {
      kernel: spec,
      arch,
      ...(build?.config ? { config: build.config } : {}),
      ...(run.patch ? { patch: run.patch } : {}),
    };
  }
  return {};
}
