// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import type { Reproducer } from '../reproducer/plan.js';
import { explainIo } from '../util/io.js';
import { out } from './streams.js';

/**
 * Writes a reproducer's files and prints where they are.
 * @param folder a new one
 * @throws DmraceError (usage) when it holds something; (environment) when it cannot be written
 */
export async function writeReproducer(reproducer: Reproducer, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0) {
      throw new DmraceError('usage', {
        observed: `${folder} is not empty`,
        artefact: folder,
        action: 'give --output a new folder',
      });
    }
    for (const [name, { text, executable }] of reproducer) {
      await writeFile(path.join(folder, name), text, { mode: executable ? 0o755 : 0o644 });
    }
  } catch (error) {
    throw explainIo(error, folder);
  }
  for (const name of reproducer.keys()) out(`${path.join(folder, name)}\n`);
}
