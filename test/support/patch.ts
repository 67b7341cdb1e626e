// SPDX-License-Identifier: MIT
// Patches that replace one text, made of the kernel's own sources.
import { readFile, writeFile } from 'node:fs/promises';
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
 * Writes a diff that replaces a text in a source file, which is only read.
 * @param file where it is written to; the changed source lies beside it
 * @param source the file as it is, and its path in the kernel's tree
 * @returns `file`
 * @throws Error when the text is not there exactly once
 */
export async function writeDiff(
  file: string,
  source: { readonly at: string; readonly path: string },
  { find, replace }: Change,
): Promise<string> {
  const text = await readFile(source.at, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${source.path} has not once: ${find}`);
  const changed = `${file}.changed`;
  await writeFile(
    changed,
    text.replace(find, () => replace),
  );
  const labels = ['--label', `a/${source.path}`, '--label', `b/${source.path}`];
  const { stdout } = await execa('diff', ['-u', ...labels, source.at, changed], {
    reject: false,
    stripFinalNewline: false,
  });
  await writeFile(file, stdout);
  return file;
}

/** {@link writeDiff} of drivers/md/dm.c of this suite's stock kernel, from its sources in the cache. */
export async function stockDiff(file: string, change: Change): Promise<string> {
  const work = await testWork();
  const { archive, stock } = await resolveStock(work, STOCK);
  const sources = await unpackSuspect(work, archive, stock.source, DM_MOD_BUILD);
  return writeDiff(file, { at: path.join(sources, 'dm.c'), path: 'drivers/md/dm.c' }, change);
}
