// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { makeFolder } from './io.js';
import { readJson } from './json.js';

/** Size in bytes, modification time in ms, the first half of the SHA-256; a link's is its target's. */
const FileSum = z.tuple([z.number(), z.number(), z.string()]);
type FileSum = z.infer<typeof FileSum>;

const Sums = z.strictObject({
  schema: z.literal(1),
  /** Where the entry was built: some kinds name that place in their files. */
  at: z.string(),
  /** `adopted`: it was there before sums were kept, and taken as it was. */
  origin: z.enum(['built', 'adopted']),
  files: z.record(z.string(), FileSum),
});
/** What the files of a cache entry were when it was built. */
export type Sums = z.infer<typeof Sums>;

/** Files that change while an entry is used (rig/ready-use.ts). */
const LIVING = new Set(['used']);
/** Larger files are read piece by piece, so that others get their turn meanwhile. */
const PIECE_BYTES = 1 << 22;

async function hashOf(file: string, stats: Stats): Promise<string> {
  const hash = createHash('sha256');
  if (stats.isSymbolicLink()) hash.update(readlinkSync(file));
  else if (stats.size <= PIECE_BYTES) hash.update(readFileSync(file));
  else
    for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES }))
      hash.update(piece);
  return hash.digest('hex').slice(0, 32);
}

/** Names of everything below a folder but folders, relative to it. */
async function filesBelow(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => !entry.isDirectory() && !LIVING.has(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

/** Reads a whole entry. @param at where it will be known */
export async function sumsOf(
  folder: string,
  at: string,
  origin: Sums['origin'],
  signal?: AbortSignal,
): Promise<Sums> {
  const files: Record<string, FileSum> = {};
  for (const name of await filesBelow(folder)) {
    signal?.throwIfAborted();
    const file = path.join(folder, name);
    const stats = lstatSync(file);
    files[name] = [stats.size, stats.mtimeMs, await hashOf(file, stats)];
  }
  return { schema: 1, at, origin, files };
}

/** What is wrong with an entry, in a few words, and its sums, renewed where only times differ. */
export interface Checked {
  readonly problem: string | null;
  readonly renewed: Sums | null;
}

/**
 * Compares an entry with its sums. Sizes and times tell a damaged disk from an idle one in
 * milliseconds; a file with another time is read, because it may be a mere copy.
 * @param folder the entry in its place
 * @param full read every file
 */
export async function check(
  folder: string,
  sums: Sums,
  { full, signal }: { readonly full: boolean; readonly signal?: AbortSignal | undefined },
): Promise<Checked> {
  const elsewhere = misplaced(sums, folder);
  if (elsewhere !== null) return bad(elsewhere);
  const renewed: Record<string, FileSum> = {};
  for (const [name, [size, mtimeMs, sum]] of Object.entries(sums.files)) {
    signal?.throwIfAborted();
    const file = path.join(folder, name);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return bad(`${name} is missing`);
    if (stats.size !== size) return bad(`${name} has ${stats.size} bytes instead of ${size}`);
    if (!full && stats.mtimeMs === mtimeMs) continue;
    const now = await hashOf(file, stats).catch((error: unknown) =>
      error instanceof Error && 'code' in error ? String(error.code) : String(error),
    );
    if (now !== sum) return bad(`${name} has another content than it was made with`);
    if (stats.mtimeMs !== mtimeMs) renewed[name] = [size, stats.mtimeMs, sum];
  }
  const changed = Object.keys(renewed).length > 0;
  return {
    problem: null,
    renewed: changed ? { ...sums, files: { ...sums.files, ...renewed } } : null,
  };
}

/**
 * Sums of another entry: two that were swapped with their sums are both what they were made, and
 * neither is what its name promises. The folder above may be another one, in a cache that was moved.
 * @param place where the entry is now
 * @returns what is wrong, in a few words; null when these are its own
 */
function misplaced({ at }: Sums, place: string): string | null {
  const own = (folder: string): string =>
    path.join(path.basename(path.dirname(folder)), path.basename(folder));
  return own(at) === own(place) ? null : `it was made as ${own(at)}`;
}

const bad = (problem: string): Checked => ({ problem, renewed: null });

/** Sums as they were left; null where there are none, `damaged` where they cannot be read. */
export async function readSums(file: string): Promise<Sums | 'damaged' | null> {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return null;
  return (await readJson(file, Sums)) ?? 'damaged';
}

/** Leaves sums, whole or not at all. */
export async function writeSums(file: string, sums: Sums): Promise<void> {
  makeFolder(path.dirname(file));
  await writeFileAtomic(file, JSON.stringify(sums));
}

/** Forgets sums. */
export const removeSums = (file: string): Promise<void> => rm(file, { force: true });
