// SPDX-License-Identifier: MIT
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cache } from '../util/cache.js';

/** Its time is when the saved guest was used last. */
const USED = 'used';
/** A run says so often that it uses a saved guest. */
const BEAT_MS = 60_000;
/** One that nobody has said to use for so long is free to go. */
const FREE_MS = 15 * 60_000;
/** A saved guest without the file is another version's, which says nothing: give it a day. */
const UNSAID_MS = 24 * 3600_000;
/** What all saved guests may take together on the disk; one takes about 100 MiB. */
export const READY_LIMIT_BYTES = 8 * 2 ** 30;

/** Says that a saved guest is in use, until this process ends. */
export async function use(folder: string): Promise<void> {
  const file = path.join(folder, USED);
  await writeFile(file, '');
  const beat = (): void => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined); // it was made again meanwhile, or cannot be written
  };
  setInterval(beat, BEAT_MS).unref();
}

interface Saved {
  readonly key: string;
  readonly folder: string;
  readonly usedMs: number;
  /** Of the disk: a memory's file has holes. */
  readonly bytes: number;
}

async function savedIn(kind: string, key: string): Promise<Saved | null> {
  const folder = path.join(kind, key);
  try {
    const files = await Promise.all(
      (await readdir(folder)).map(async (name) => ({
        name,
        ...(await stat(path.join(folder, name))),
      })),
    );
    const used = files.find(({ name }) => name === USED);
    return {
      key,
      folder,
      usedMs: used ? used.mtimeMs : (await stat(folder)).mtimeMs + UNSAID_MS,
      bytes: files.reduce((sum, { blocks }) => sum + blocks * 512, 0),
    };
  } catch {
    return null; // another process has removed it
  }
}

/**
 * Removes the saved guests that were used least recently, until the rest takes no more than
 * `limitBytes`. One that a run uses stays, whatever it takes. Returns how many went.
 */
export async function pruneReady(
  cache: Cache,
  limitBytes: number,
  nowMs = Date.now(),
): Promise<number> {
  const kind = path.join(cache.root, 'ready');
  const keys = (await readdir(kind).catch(() => [])).filter((key) => /^[0-9a-f]{32}$/.test(key));
  const found = await Promise.all(keys.map((key) => savedIn(kind, key)));
  const saved = found.filter((entry) => entry !== null).sort((a, b) => a.usedMs - b.usedMs);
  let bytes = saved.reduce((sum, entry) => sum + entry.bytes, 0);
  let gone = 0;
  for (const { key, folder, bytes: its } of saved) {
    if (bytes <= limitBytes) break;
    // Asked again under the lock under which it is taken into use.
    await cache.locked(`ready-${key}`, async () => {
      const now = await savedIn(kind, key);
      if (now && nowMs - now.usedMs < FREE_MS) return;
      await rm(folder, { recursive: true, force: true });
      await rm(path.join(cache.root, 'sums', 'ready', `${key}.json`), { force: true });
      bytes -= its;
      gone++;
    });
  }
  return gone;
}
