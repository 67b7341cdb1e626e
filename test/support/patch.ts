// SPDX-License-Identifier: MIT
// Patches for the stock kernel's dm-mod.ko, made of its own sources.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { unpackSuspect } from '../../harness/kernel/sources.js';
import { resolveStock } from '../../harness/kernel/stock.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import { testWork } from './work.js';

/** What has disk_release() leave disk->fops alone, from inside dm: no cure to mail, but one that shows. */
export const FIND = '\t\t\tdel_gendisk(md->disk);\n';
export const CURE = `${FIND}\t\t\tclear_bit(GD_ADDED, &md->disk->state);\n`;

const STOCK = { from: 'debian', suite: null, version: null, flavour: null } as const;

/** A replacement of a text that occurs once. */
interface Change {
  readonly find: string;
  readonly replace: string;
}

/**
 * A diff of drivers/md/dm.c of this suite's stock kernel, from its sources in the cache.
 * @param file where it is written to; its folder gets `a` and `b`, too
 * @throws Error when the text is not there exactly once
 */
export async function stockDiff(file: string, { find, replace }: Change): Promise<string> {
  const work = await testWork();
  const { archive, stock } = await resolveStock(work, STOCK);
  const sources = await unpackSuspect(work, archive, stock.source, DM_MOD_BUILD);
  const text = await readFile(path.join(sources, 'dm.c'), 'utf8');
  if (text.split(find).length !== 2) throw new Error(`dm.c has not once: ${find}`);
  const folder = path.dirname(file);
  for (const [side, content] of [
    ['a', text],
    ['b', text.replace(find, () => replace)],
  ] as const) {
    await mkdir(path.join(folder, side, 'drivers/md'), { recursive: true });
    await writeFile(path.join(folder, side, 'drivers/md/dm.c'), content);
  }
  const { stdout } = await execa('diff', ['-u', 'a/drivers/md/dm.c', 'b/drivers/md/dm.c'], {
    cwd: folder,
    reject: false,
    stripFinalNewline: false,
  });
  await writeFile(file, stdout);
  return file;
}
