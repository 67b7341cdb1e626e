// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The folder of git's data that a worktree needs besides its own files: its `.git` is a file that
 * names a folder below the main repository's (gitrepository-layout(5), `commondir`).
 * @returns null where there is no such file.
 */
export async function gitFolderOf(worktree: string): Promise<string | null> {
  const link = await readFile(path.join(worktree, '.git'), 'utf8').catch(() => '');
  const named = /^gitdir: (.+)$/m.exec(link)?.[1];
  if (named === undefined) return null;
  const own = path.resolve(worktree, named);
  const common = await readFile(path.join(own, 'commondir'), 'utf8').catch(() => '');
  return common === '' ? own : path.resolve(own, common.trim());
}
