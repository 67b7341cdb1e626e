// SPDX-License-Identifier: GPL-2.0-only
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';

/** How often a builder shows that it lives. */
const BEAT_MS = 5_000;
/** A folder whose builder has shown nothing for so long is a dead builder's. */
export const DEAD_AFTER_MS = 60_000;

const HALF = /\.part-[0-9a-f]{8}$/;
const REFUSE = /\.dead-[0-9a-f]{8}$/;

/**
 * The folder in which a cache entry is built. A folder around it has its modification time
 * refreshed meanwhile, and that is how others know that the builder lives: a pid would mean nothing
 * to a process in another container, which shares the cache but not the pid namespace. The folder
 * itself would not do, because unpacking gives it the time of what was packed.
 */
export class HalfBuilt {
  /** What the builder fills. */
  readonly directory: string;
  readonly #around: string;
  /** Is there as long as nobody has swept the folder. */
  readonly #mark: string;
  #beat: NodeJS.Timeout | null = null;

  /** @param final where the entry will be; the folder lies beside it. */
  constructor(readonly final: string) {
    this.#around = `${final}.part-${randomBytes(4).toString('hex')}`;
    this.directory = path.join(this.#around, 'entry');
    this.#mark = path.join(this.#around, 'builder');
  }

  /** Makes the folder and starts to refresh it; finish() or discard() must be called in the end. */
  async create(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await writeFile(this.#mark, '');
    const beat = (): void => {
      const now = new Date();
      utimes(this.#around, now, now).catch(() => undefined); // finish() sees that it is gone
    };
    this.#beat = setInterval(beat, BEAT_MS);
    this.#beat.unref();
  }

  /**
   * Moves the entry into its place.
   * @throws DmraceError (environment) when a sweeper took it for dead meanwhile: what is there now
   *   may have holes, because tools make folders that they miss.
   */
  async finish(): Promise<void> {
    const whole = await stat(this.#mark).then(
      () => true,
      () => false,
    );
    if (!whole) {
      throw new DmraceError('environment', {
        observed: `${this.#around} was removed while it was being filled: its process stood still`,
        limit: `${DEAD_AFTER_MS / 1000} s`,
        action: 'run again',
      });
    }
    await rename(this.directory, this.final);
    await this.discard();
  }

  /** Removes what was built; does nothing that matters after finish(). */
  async discard(): Promise<void> {
    if (this.#beat) clearInterval(this.#beat);
    this.#beat = null;
    await rm(this.#around, { recursive: true, force: true });
  }
}

/**
 * Removes what dead builders left below `root`/KIND/. A folder is renamed before it is emptied, so
 * that a builder which was only asleep (a suspended machine) fails at its end, instead of giving
 * the cache an entry with holes.
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
