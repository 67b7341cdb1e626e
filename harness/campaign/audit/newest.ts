// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AuditFolder } from '../../runs/audit/audit-folder.js';

/** The audits below `dmrace-runs` of a folder, the newest first. */
export async function newestAudits(cwd = process.cwd()): Promise<string[]> {
  const root = path.join(cwd, 'dmrace-runs');
  const names = await readdir(root).catch(() => []);
  const found: { readonly folder: string; readonly time: number }[] = [];
  for (const name of names) {
    const folder = path.join(root, name);
    if (!(await AuditFolder.is(folder))) continue;
    found.push({ folder, time: (await stat(folder)).mtimeMs });
  }
  return found.sort((a, b) => b.time - a.time).map(({ folder }) => folder);
}
