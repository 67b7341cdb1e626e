// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { DUMP_FILE } from '../model/dump.js';
import { AUDIT_FORMATS } from '../report/audit/formats.js';
import { FORMATS } from '../report/formats.js';
import { LOCK_FILE } from './lock-file.js';
import { sha256 } from './seal.js';

/** The manifest's name: `sha256sum -c SHA256SUMS` in the run's folder checks it too. */
export const MANIFEST = 'SHA256SUMS';

/** What may come into a run's folder after the run: reports, and the lock. */
const LATER: ReadonlySet<string> = new Set([
  MANIFEST,
  LOCK_FILE,
  ...[...Object.values(FORMATS), ...Object.values(AUDIT_FORMATS)].map(({ file }) => file),
]);

/** Every file of the run, relative to its folder, sorted. */
async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !LATER.has(file))
    .sort();
}

/** A file's SHA-256; a dump, which is as large as a guest, is read piece by piece. */
async function sha256Of(file: string): Promise<string> {
  if (path.basename(file) !== DUMP_FILE) return sha256(await readFile(file));
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest('hex');
}

/** The manifest of a run as it is now: a line for each file, in the form of sha256sum(1). */
export async function manifestOf(root: string): Promise<string> {
  const lines: string[] = [];
  for (const file of await filesOf(root)) {
    lines.push(`${await sha256Of(path.join(root, file))}  ${file}\n`);
  }
  return lines.join('');
}

/**
 * What is not as a manifest says whose hash was kept elsewhere: one line for each file that is gone,
 * changed or not of the run; or one that says that the manifest itself is another.
 */
export async function manifestProblems(root: string, hash: string): Promise<string[]> {
  const text = await readFile(path.join(root, MANIFEST), 'utf8').catch(() => null);
  if (text === null) return [`${MANIFEST} cannot be read, and ${hash} is to be its SHA-256`];
  if (sha256(text) !== hash) return [`${MANIFEST} has the SHA-256 ${sha256(text)}, not ${hash}`];
  const said = new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  const problems: string[] = [];
  for (const file of await filesOf(root)) {
    const sum = said.get(file);
    said.delete(file);
    const now = await sha256Of(path.join(root, file)).catch(() => null);
    if (sum === undefined) problems.push(`${file} is not in ${MANIFEST}`);
    else if (now !== sum) problems.push(`${file} is not as ${MANIFEST} says`);
  }
  return [...problems, ...[...said.keys()].map((file) => `${file} is in ${MANIFEST} and is gone`)];
}
