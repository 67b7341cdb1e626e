// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { atExit } from './at-exit.js';
import { makeFolder } from './io.js';
import { hasDied, ourWord } from './whose.js';

/** How often a builder shows that it lives. */
const BEAT_MS = 5_000;
/** A folder whose builder has shown nothing for so long is a dead builder's. */
export const DEAD_AFTER_MS = 60_000;

const HALF = /\.part-[0-9a-f]{8}$/;
/** Says whose a half-built folder is. */
const MARK = 'builder';
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
  #left: Disposable | null = null;

  /** @param final where the entry will be; the folder lies beside it. */
  constructor(readonly final: string) {
    this.#around = `${final}.part-${randomBytes(4).toString('hex')}`;
    this.directory = path.join(this.#around, 'entry');
    this.#mark = path.join(this.#around, MARK);
  }

  /** Makes the folder and starts to refresh it; finish() or discard() must be called in the end. */
  async create(): Promise<void> {
    this.#left = atExit(() => rmSync(this.#around, { recursive: true, force: true }));
    makeFolder(this.directory);
    await writeFile(this.#mark, ourWord());
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
    this.#left?.[Symbol.dispose]();
    this.#left = null;
  }
}

/**
 * Removes what dead builders left below `root`/KIND/. A folder is renamed before it is emptied, so
 * that a builder which was only asleep (a suspended machine) fails at its end, instead of giving
 * the cache an entry with holes. Locks that nobody refreshes go too.
 */
export async function sweepHalfBuilt(root: string): Promise<void> {
  await sweepSilent(path.join(root, 'locks'), /./);
  await sweepSilent(root, /^\.probe-/);
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
        const word = await readFile(path.join(found, MARK), 'utf8').catch(() => '');
        if (age < DEAD_AFTER_MS && !hasDied(word)) continue;
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

/** Removes what of a folder has not been touched for longer than any builder is silent. */
async function sweepSilent(folder: string, which: RegExp): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter((one) => which.test(one))) {
    const found = path.join(folder, name);
    const ages = [found, found.replace(/\.owner$/, '')].map((file) =>
      stat(file).then(
        (s) => Date.now() - s.mtimeMs,
        () => Number.POSITIVE_INFINITY, // gone meanwhile, or the word of a lock that is
      ),
    );
    if (Math.min(...(await Promise.all(ages))) < DEAD_AFTER_MS) continue;
    await rm(found, { recursive: true, force: true }).catch(() => undefined);
  }
}
