// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import envPaths from 'env-paths';
import lockfile from 'proper-lockfile';
import { DmraceError } from '../model/errors.js';
import { HalfBuilt, sweepHalfBuilt } from './half-built.js';
import { explainIo } from './io.js';
import { leaveWord, takeWordAway, whoHolds } from './lock-owner.js';

/** A lock whose owner has not refreshed it for so long belongs to a dead process. */
const STALE_MS = 20_000;
/** Whoever waits longer for a lock is told for whom. */
const TELL_AFTER_MS = 1_000;

/** Where builds and downloads are kept: DMRACE_CACHE_DIR, else the platform's cache folder. */
export function cacheDirectory(): string {
  const given = process.env.DMRACE_CACHE_DIR;
  return given ? path.resolve(given) : envPaths('dmrace', { suffix: '' }).cache;
}

/** SHA-256 of parts that may be of any length; the order counts and nothing runs together. */
export function contentKey(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * A folder of folders, each named by what it was made from. An entry is built beside its place and
 * renamed into it, so it is whole or absent; a lock keeps two processes from doing the same work
 * twice.
 */
export class Cache {
  /**
   * @param signal ends the waiting for what another process is making
   * @param tell says for whom it waits
   */
  constructor(
    readonly root: string,
    readonly signal?: AbortSignal,
    readonly tell: (line: string) => void = () => undefined,
  ) {}

  /** The same cache, for work whose progress is told elsewhere. */
  telling(tell: (line: string) => void): Cache {
    return new Cache(this.root, this.signal, tell);
  }

  /**
   * The folder of an entry, built first when it is not there. `build` fills `directory`, which will
   * be known as `final` afterwards.
   * @throws DmraceError (environment) when the cache cannot be written.
   */
  async entry(
    kind: string,
    key: string,
    build: (directory: string, final: string) => Promise<void>,
  ): Promise<string> {
    const final = path.join(this.root, kind, key);
    if (await exists(final)) return final;
    return this.locked(`${kind}-${key}`, async () => {
      if (await exists(final)) return final;
      const half = new HalfBuilt(final);
      try {
        await half.create();
        await build(half.directory, final);
        await half.finish();
      } catch (error) {
        await half.discard();
        throw explainIo(error, half.directory);
      }
      return final;
    });
  }

  /**
   * Runs something that only one process may do at a time, in whatever container it is. What dead
   * processes left half-built is removed first.
   * @throws DmraceError (environment) when the lock cannot be written; AbortError after an
   *   interrupt.
   */
  async locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    const locks = path.join(this.root, 'locks');
    let release: () => Promise<void>;
    try {
      await mkdir(locks, { recursive: true });
      release = await this.#lock(path.join(locks, name));
      await leaveWord(path.join(locks, name));
    } catch (error) {
      this.signal?.throwIfAborted();
      throw explainIo(error, locks);
    }
    try {
      await sweepHalfBuilt(this.root);
      return await work();
    } finally {
      await takeWordAway(path.join(locks, name));
      await release().catch(() => undefined); // a lost lock is no reason to lose the work
    }
  }

  /** Waits by itself: the library's own retries cannot be interrupted. */
  async #lock(file: string): Promise<() => Promise<void>> {
    const started = performance.now();
    let told = false;
    for (let waitMs = 50; ; waitMs = Math.min(2 * waitMs, 1000)) {
      this.signal?.throwIfAborted();
      try {
        return await lockfile.lock(file, {
          realpath: false,
          stale: STALE_MS,
          // The default throws from a timer; entries are safe without the lock, by their rename.
          onCompromised: () => undefined,
        });
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
        if (!told && performance.now() - started >= TELL_AFTER_MS) {
          told = true;
          const who = await whoHolds(file, STALE_MS);
          if (who !== null) this.tell(`waiting for ${path.basename(file)}, held by ${who}`);
        }
        await sleep(waitMs, undefined, this.signal === undefined ? {} : { signal: this.signal });
      }
    }
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw explainIo(error, file);
  }
}

/**
 * The cache of this process.
 * @param signal ends the waiting for what another process is making
 * @throws DmraceError (environment) when it cannot be written.
 */
export async function openCache(signal?: AbortSignal): Promise<Cache> {
  const root = cacheDirectory();
  if (/[\s:]/.test(root)) {
    throw new DmraceError('environment', {
      observed: `the cache "${root}" has a space or a colon in its path, and kbuild builds in no such folder`,
      artefact: root,
      action: 'set DMRACE_CACHE_DIR to a folder without them',
    });
  }
  try {
    await mkdir(root, { recursive: true });
    await rm(await mkdtemp(path.join(root, '.probe-')), { recursive: true });
  } catch (error) {
    throw new DmraceError('environment', {
      observed: `the cache ${root} cannot be written (${error instanceof Error ? error.message : String(error)})`,
      artefact: root,
      action: 'make it writable, or set DMRACE_CACHE_DIR to a folder that is',
    });
  }
  return new Cache(root, signal);
}
