// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import envPaths from 'env-paths';
import lockfile from 'proper-lockfile';
import { DmraceError, headlineOf } from '../model/errors.js';
import { atExit } from './at-exit.js';
import { HalfBuilt, sweepHalfBuilt } from './half-built.js';
import { explainIo, makeFolder } from './io.js';
import { leaveWord, takeWordAway, whoHolds } from './lock-owner.js';
import { check, readSums, removeSums, sumsOf, writeSums } from './sums.js';

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

/** How an entry is made and kept. */
export interface EntryOptions {
  /** Its files name the place where they lie: a cache that was moved has to make it again. */
  readonly bound?: boolean;
  /**
   * It is enough that it is there: nothing is read of it yet. Whoever builds from it asks for it
   * again without this, which compares its files and makes it again where they are damaged.
   */
  readonly unread?: boolean;
}

/** What is known of an entry: null is whole, a text says what is wrong with it. */
type State = null | 'absent' | { readonly problem: string };

/** An entry that this process has used. */
interface Used {
  readonly kind: string;
  readonly key: string;
}

/**
 * A folder of folders, each named by what it was made from. An entry is built beside its place and
 * renamed into it, so it is whole or absent; a lock keeps two processes from doing the same work
 * twice. The sums of its files lie in `sums/KIND/KEY.json`: sizes and times are compared before
 * every use, contents when something went wrong that they may explain ({@link mendUsed}).
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
    private readonly used: Map<string, Used> = new Map(),
  ) {}

  /** The same cache, for work whose progress is told elsewhere. */
  telling(tell: (line: string) => void): Cache {
    return new Cache(this.root, this.signal, tell, this.used);
  }

  /** The same cache, for work that something else stops, too. */
  until(signal: AbortSignal): Cache {
    return new Cache(this.root, signal, this.tell, this.used);
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
    options: EntryOptions = {},
  ): Promise<string> {
    const final = path.join(this.root, kind, key);
    this.used.set(final, { kind, key });
    if ((await this.#state(kind, key, options)) === null) return final;
    return this.locked(`${kind}-${key}`, async () => {
      const state = await this.#state(kind, key, options);
      if (state === null) return final;
      if (state !== 'absent') {
        this.tell(`${kind}/${key} in the cache: ${state.problem}; made again`);
        await this.#remove(kind, key);
      }
      const half = new HalfBuilt(final);
      try {
        await half.create();
        await build(half.directory, final);
        const sums = await sumsOf(half.directory, final, 'built', this.signal);
        await writeSums(this.#sumsOf(kind, key), sums);
        await half.finish();
      } catch (error) {
        await half.discard();
        throw explainIo(error, half.directory);
      }
      return final;
    });
  }

  /** Whether an entry is there and is what it was when it was made, as far as sizes and times tell. */
  async has(kind: string, key: string): Promise<boolean> {
    this.used.set(path.join(this.root, kind, key), { kind, key });
    return (await this.#state(kind, key, {})) === null;
  }

  /**
   * Reads every entry that this process has used to its last byte, and removes those that are not
   * what they were made. To be called before anything else is blamed for what went wrong; the work
   * is then to be done once more. An entry from before sums were kept is removed too: what it was
   * is not known.
   * A package (`deb`) from before stays: its own sums have dpkg-deb refuse it, and getting another
   * one takes a network.
   * @param kinds of entries; all when absent
   * @param doubted whether such an entry from before is taken for damaged, or for what it was made
   * @returns what was removed and why, one line each; empty when all is as it was
   */
  async mendUsed(kinds?: ReadonlySet<string>, doubted = true): Promise<string[]> {
    const removed: string[] = [];
    for (const [final, { kind, key }] of this.used) {
      if (kinds && !kinds.has(kind)) continue;
      if (!(await exists(final))) continue;
      const sums = await readSums(this.#sumsOf(kind, key));
      const problem =
        sums === null ||
        sums === 'damaged' ||
        (doubted && sums.origin === 'adopted' && kind !== 'deb')
          ? 'nothing tells whether it is whole'
          : (await check(final, sums, { full: true, signal: this.signal })).problem;
      if (problem === null) continue;
      await this.locked(`${kind}-${key}`, () => this.#remove(kind, key));
      removed.push(`${kind}/${key}: ${problem}`);
    }
    return removed;
  }

  /** Removes an entry that somebody else has found to be damaged. */
  async discard(kind: string, key: string): Promise<void> {
    await this.locked(`${kind}-${key}`, () => this.#remove(kind, key));
  }

  #sumsOf(kind: string, key: string): string {
    return path.join(this.root, 'sums', kind, `${key}.json`);
  }

  async #state(kind: string, key: string, { bound, unread }: EntryOptions): Promise<State> {
    const final = path.join(this.root, kind, key);
    if (!(await exists(final))) return 'absent';
    if (unread) return null;
    const file = this.#sumsOf(kind, key);
    const sums = await readSums(file);
    if (sums === 'damaged') return { problem: 'its sums are damaged' };
    if (sums === null) {
      if (bound) return { problem: 'nothing tells where it was made' };
      // From before sums were kept.
      await writeSums(file, await sumsOf(final, final, 'adopted', this.signal));
      return null;
    }
    if (bound && sums.at !== final) return { problem: `it was made for ${sums.at}` };
    const { problem, renewed } = await check(final, sums, { full: false, signal: this.signal });
    if (problem !== null) return { problem };
    if (renewed) await writeSums(file, renewed);
    return null;
  }

  /** First out of the way, so that nobody finds half of it; then for good. */
  async #remove(kind: string, key: string): Promise<void> {
    const final = path.join(this.root, kind, key);
    const refuse = `${final}.dead-${randomBytes(4).toString('hex')}`;
    await removeSums(this.#sumsOf(kind, key));
    try {
      await rename(final, refuse);
      await rm(refuse, { recursive: true, force: true });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'ENOENT') return;
      if (code !== 'EXDEV') throw explainIo(error, final);
      // An overlay file system moves no folder of a lower layer (kernel, filesystems/overlayfs.rst).
      await rm(final, { recursive: true, force: true });
    }
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
      makeFolder(locks);
      release = await this.#lock(path.join(locks, name));
      await leaveWord(path.join(locks, name));
    } catch (error) {
      this.signal?.throwIfAborted();
      throw explainIo(error, locks);
    }
    const left = atExit(() => rmSync(`${path.join(locks, name)}.owner`, { force: true }));
    try {
      await sweepHalfBuilt(this.root);
      return await work();
    } finally {
      left[Symbol.dispose]();
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
    makeFolder(root);
    await rm(await mkdtemp(path.join(root, '.probe-')), { recursive: true });
  } catch (error) {
    throw new DmraceError('environment', {
      observed: `the cache ${root} cannot be written (${headlineOf(error)})`,
      artefact: root,
      action: 'make it writable, or set DMRACE_CACHE_DIR to a folder that is',
    });
  }
  return new Cache(root, signal);
}

/** Kinds of entries that are part of a booted guest: what it was made from is not. */
export const BOOTED: ReadonlySet<string> = new Set([
  'image',
  'built',
  'prebuilt',
  'modules',
  'patched',
  'control',
  'helper',
  'userland',
  'guest',
  'initramfs',
  'ready',
  'disk',
]);

/**
 * To be called before a kernel is blamed for what was seen: see {@link Cache.mendUsed}.
 * @throws DmraceError (environment, `cache-mended`) when something was removed: the work is to be
 *   done again
 */
export async function requireWhole(
  cache: Cache,
  kinds?: ReadonlySet<string>,
  doubted = true,
): Promise<void> {
  const removed = await cache.mendUsed(kinds, doubted);
  if (removed.length === 0) return;
  throw new DmraceError(
    'environment',
    {
      observed: `damaged entries of the cache were removed: ${removed.join('; ')}`,
      artefact: cache.root,
      action: 'run again: they are made anew',
    },
    'cache-mended',
  );
}

/**
 * Does work that the cache is behind. When it fails, the entries that it used are read in full
 * before anybody is blamed; if some were damaged, they are removed and the work is done once more.
 * @param tell says what was removed
 */
export async function mending<T>(
  { cache, signal }: { readonly cache: Cache; readonly signal: AbortSignal },
  tell: (line: string) => void | Promise<void>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof DmraceError) || error.code === 'usage') throw error;
    if (error.kind === 'cache-mended') {
      await tell(error.facts.observed);
      return work();
    }
    // A cache that cannot be mended is not why the work failed.
    const removed = await cache.mendUsed().catch(() => []);
    signal.throwIfAborted();
    if (removed.length === 0) throw error;
    await tell(
      `${error.headline}; but damaged entries of the cache were removed: ${removed.join('; ')}`,
    );
    return work();
  }
}
