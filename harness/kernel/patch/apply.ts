// SPDX-License-Identifier: MIT
import { chmod, copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../../model/errors.js';
import type { Patch, Series } from '../../model/patch.js';
import { contentKey } from '../../util/cache.js';
import { scratch } from '../../util/scratch.js';
import type { Work } from '../../util/work.js';
import { git } from './git.js';

/** A file as a series leaves it. */
export interface PatchedFile {
  readonly content: Buffer;
  /** Whether it may be executed; the other bits of its mode are nobody's business. */
  readonly executable: boolean;
}

/** What a series makes of a tree: its changed files by path below the top; null where it removes one. */
export type Overlay = ReadonlyMap<string, PatchedFile | null>;

/** The sources that a series is for; they are only read. */
export interface PatchBase {
  /** For messages, e.g. `src:../linux (6.12.117)`. */
  readonly what: string;
  /** Their folder. */
  readonly directory: string;
  /** The file of a path below the top of a tree. */
  readonly locate: (file: string) => string;
}

/** Names a series's effect on one base; part of cache keys. */
export function overlayKey(overlay: Overlay): string {
  const sorted = [...overlay].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return contentKey(
    sorted.flatMap(([name, file]) => [
      name,
      file === null ? 'removed' : file.executable ? 'executable' : 'plain',
      file?.content ?? '',
    ]),
  );
}

/** A file; null where there is none. */
export async function fileAt(file: string): Promise<PatchedFile | null> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return null;
  return { content: await readFile(file), executable: (found.mode & 0o100) !== 0 };
}

export const sameFile = (a: PatchedFile | null, b: PatchedFile | null): boolean =>
  a === null || b === null ? a === b : a.executable === b.executable && a.content.equals(b.content);

/**
 * Applies a series with `git apply`, without fuzz, to copies of the files that it names.
 * @throws DmraceError (inconclusive) that names the patch, the file and the hunk that does not
 *   apply; AbortError after an interrupt.
 */
export async function applySeries(
  series: Series,
  base: PatchBase,
  { signal }: Pick<Work, 'signal'>,
): Promise<Overlay> {
  using place = scratch();
  const names = [...new Set(series.flatMap(({ files }) => files))];
  for (const name of names) {
    const from = base.locate(name);
    const found = await stat(from).catch(() => null);
    if (!found?.isFile()) continue;
    const to = path.join(place.folder, name);
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(from, to);
    await chmod(to, found.mode & 0o100 ? 0o755 : 0o644);
  }
  for (const [index, patch] of series.entries()) {
    const apply = ['apply', '--whitespace=nowarn', '-'];
    const { ok, stderr } = await git(place.folder, apply, patch.diff, signal);
    if (ok) continue;
    const why = await rejected(patch, place.folder, stderr, signal);
    const which = patch.subject === null ? patch.file : `"${patch.subject}" (${patch.file})`;
    const of = series.length === 1 ? '' : `, patch ${index + 1} of ${series.length},`;
    throw new DmraceError('inconclusive', {
      observed: `${which}${of} does not apply to ${base.what}: ${why}`,
      artefact: patch.file,
      action: 'rebase it on this kernel, or name the kernel that it is for',
    });
  }
  const overlay = new Map<string, PatchedFile | null>();
  for (const name of names) {
    const now = await fileAt(path.join(place.folder, name));
    if (!sameFile(now, await fileAt(base.locate(name)))) overlay.set(name, now);
  }
  return overlay;
}

/** Has git apply what can be applied, which tells the hunks that cannot. */
async function rejected(
  { diff }: Patch,
  folder: string,
  plain: string,
  signal: AbortSignal,
): Promise<string> {
  const args = ['apply', '--whitespace=nowarn', '--reject', '--verbose', '-'];
  const { stderr } = await git(folder, args, diff, signal);
  const hunks: string[] = [];
  let file = '';
  for (const line of stderr.split('\n')) {
    // builtin apply.c of git 2.39, write_out_one_reject()
    file = /^Applying patch (\S+) with \d+ reject/.exec(line)?.[1] ?? file;
    const number = /^Rejected hunk #(\d+)\.$/.exec(line)?.[1];
    if (number === undefined) continue;
    const said = await readFile(path.join(folder, `${file}.rej`), 'utf8').catch(() => '');
    const heads = said.match(/^@@ .*$/gm) ?? [];
    const before = hunks.filter((hunk) => hunk.includes(` of ${file}`)).length;
    const head = heads[before];
    hunks.push(`hunk ${number} of ${file}${head === undefined ? '' : ` (${head})`}`);
  }
  if (hunks.length > 0) return hunks.join('; ');
  const errors = plain.match(/^error: .*$/gm) ?? [plain.trim()];
  return errors.map((line) => line.replace(/^error: /, '')).join('; ');
}
