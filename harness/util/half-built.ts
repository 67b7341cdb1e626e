// SPDX-License-Identifier: GPL-2.0-only
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';

/** How often a builder shows that it lives. */
const BEAT_MS = 5_000;
/** A folder whose builder has shown nothing for so long is a dead builder's. */
export const DEAD_AFTER_MS = 60_000;

const HALF = /\.part-[0-9a-f]{8}$/;
const REFUSE = /\.dead-[0-9a-f]{8}$/;

/**
 * The folder in which a cache entry is built. While it is, its modification time is refreshed, and
 * that is how others know that the builder lives: a pid would mean nothing to a process in another
 * container, which shares the cache but not the pid namespace.
 */
export class HalfBuilt {
  readonly directory: string;
  #beat: NodeJS.Timeout | null = null;

  /** @param final where the entry will be; the folder lies beside it. */
  constructor(final: string) {
    this.directory = `${final}.part-${randomBytes(4).toString('hex')}`;
  }

  /** Makes the folder and starts to refresh it; stopBeating() must be called in the end. */
  async create(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const beat = (): void => {
      const now = new Date();
      // Gone is no matter here: whoever writes into it next says so.
      utimes(this.directory, now, now).catch(() => undefined);
    };
    this.#beat = setInterval(beat, BEAT_MS);
    this.#beat.unref();
  }

  stopBeating(): void {
    if (this.#beat) clearInterval(this.#beat);
    this.#beat = null;
  }
}

/**
 * Removes what dead builders left below `root`/KIND/. A folder is renamed before it is emptied: a
 * builder that was only asleep (a suspended machine) then finds no folder to rename into place,
 * and fails, instead of giving the cache an entry with holes.
 */
export async function sweepHalfBuilt(root: string): Promise<void> {
  for (const kind of await readdir(root).catch(() => [])) {
    for (const name of await readdir(path.join(root, kind)).catch(() => [])) {
      const found = path.join(root, kind, name);
      if (REFUSE.test(name)) {
        await rm(found, { recursive: true, force: true });
      } else if (HALF.test(name)) {
        const age = await stat(found).then(
          (s) => Date.now() - s.mtimeMs,
          () => 0, // gone meanwhile
        );
        if (age < DEAD_AFTER_MS) continue;
        const refuse = found.replace(HALF, `.dead-${randomBytes(4).toString('hex')}`);
        // Another sweeper may have been first.
        if (
          await rename(found, refuse).then(
            () => true,
            () => false,
          )
        ) {
          await rm(refuse, { recursive: true, force: true });
        }
      }
    }
  }
}
