// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cache, cacheDirectory, contentKey, openCache } from '../../../harness/util/cache.js';
import { DEAD_AFTER_MS, sweepHalfBuilt } from '../../../harness/util/half-built.js';
import { describeOwner } from '../../../harness/util/lock-owner.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-cache-test-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const entries = (kind = 'k'): string[] =>
  existsSync(path.join(root, kind)) ? readdirSync(path.join(root, kind)).sort() : [];

describe('an entry', () => {
  it('is built once and then found', async () => {
    const cache = new Cache(root);
    let built = 0;
    const build = async (directory: string): Promise<void> => {
      built++;
      await writeFile(path.join(directory, 'f'), 'content');
    };
    const first = await cache.entry('k', 'key', build);
    expect(first).toBe(path.join(root, 'k', 'key'));
    expect(readFileSync(path.join(first, 'f'), 'utf8')).toBe('content');
    expect(await cache.entry('k', 'key', build)).toBe(first);
    expect(built).toBe(1);
    await cache.entry('k', 'other', build);
    expect(built).toBe(2);
  });

  it('does not exist while it is built, and is told its later place', async () => {
    const cache = new Cache(root);
    await cache.entry('k', 'key', async (directory, final) => {
      expect(directory).not.toBe(final);
      expect(final).toBe(path.join(root, 'k', 'key'));
      expect(existsSync(final)).toBe(false);
      expect(path.dirname(path.dirname(directory))).toBe(path.dirname(final));
    });
    expect(entries()).toEqual(['key']);
  });

  it('is built once for two that want it at the same time', async () => {
    let built = 0;
    let together = 0;
    const build = async (directory: string): Promise<void> => {
      built++;
      together++;
      expect(together).toBe(1);
      await sleep(200);
      await writeFile(path.join(directory, 'f'), 'content');
      together--;
    };
    // Two caches: nothing but the file system is shared.
    const made = await Promise.all([
      new Cache(root).entry('k', 'key', build),
      new Cache(root).entry('k', 'key', build),
      new Cache(root).entry('k', 'key', build),
    ]);
    expect(new Set(made).size).toBe(1);
    expect(built).toBe(1);
    expect(entries()).toEqual(['key']);
  });

  it('of another key does not wait', async () => {
    const cache = new Cache(root);
    let release = (): void => undefined;
    const slow = cache.entry(
      'k',
      'slow',
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    await cache.entry('k', 'fast', async () => undefined);
    expect(entries()).toContain('fast');
    expect(entries()).not.toContain('slow');
    release();
    await slow;
    expect(entries()).toEqual(['fast', 'slow']);
  });

  it('that could not be built leaves nothing, and is tried again', async () => {
    const cache = new Cache(root);
    const failing = cache.entry('k', 'key', async (directory) => {
      await writeFile(path.join(directory, 'half'), 'x');
      throw new Error('the compiler failed');
    });
    await expect(failing).rejects.toThrow('the compiler failed');
    expect(entries()).toEqual([]);
    const made = await cache.entry('k', 'key', async (directory) => {
      expect(readdirSync(directory)).toEqual([]);
      await writeFile(path.join(directory, 'whole'), 'x');
    });
    expect(readdirSync(made)).toEqual(['whole']);
  });

  it('that failed for one does not fail for the one who waited', async () => {
    let tries = 0;
    const build = async (): Promise<void> => {
      tries++;
      await sleep(50);
      if (tries === 1) throw new Error('the first fails');
    };
    const both = await Promise.allSettled([
      new Cache(root).entry('k', 'key', build),
      new Cache(root).entry('k', 'key', build),
    ]);
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(tries).toBe(2);
  });

  it('half-written by a process that died is not used, and is swept once it is silent', async () => {
    const torn = path.join(root, 'k', 'key.part-0badcafe');
    const others = path.join(root, 'other', 'x.part-0badcafe');
    const silent = new Date(Date.now() - DEAD_AFTER_MS - 1000);
    for (const directory of [torn, others]) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(path.join(directory, 'f'), 'half');
      utimesSync(directory, silent, silent);
    }
    const made = await new Cache(root).entry('k', 'key', async (directory) => {
      await writeFile(path.join(directory, 'f'), 'whole');
    });
    expect(readFileSync(path.join(made, 'f'), 'utf8')).toBe('whole');
    expect(entries()).toEqual(['key']);
    expect(entries('other')).toEqual([]);
  });

  it('half-written by another that may live is left alone, as is what only looks like one', async () => {
    const kept = ['a.part-0badcafe', 'b.part-x-0badcafe', 'c.part-1', 'd'];
    for (const name of kept) mkdirSync(path.join(root, 'k', name), { recursive: true });
    await new Cache(root).entry('k', 'key', async () => undefined);
    expect(entries()).toEqual([...kept, 'key'].sort());
  });

  /** As if the last beat were long ago. */
  const silence = (directory: string): void => {
    const old = new Date(Date.now() - DEAD_AFTER_MS * 2);
    utimesSync(path.dirname(directory), old, old);
  };

  it('whose build takes long is refreshed meanwhile, so that no sweeper takes it for dead', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const cache = new Cache(root);
    const made = await cache.entry('k', 'long', async (directory) => {
      silence(directory);
      await vi.advanceTimersByTimeAsync(5_000);
      await vi.waitFor(() => {
        const { mtimeMs } = statSync(path.dirname(directory));
        expect(mtimeMs).toBeGreaterThan(Date.now() - DEAD_AFTER_MS);
      });
      await sweepHalfBuilt(root);
      expect(existsSync(directory)).toBe(true);
    });
    expect(existsSync(made)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('whose folder gets the time of what is unpacked into it is not taken for dead', async () => {
    const cache = new Cache(root);
    const made = await cache.entry('k', 'unpacked', async (directory) => {
      writeFileSync(path.join(directory, 'first'), 'x');
      utimesSync(directory, new Date(0), new Date(0)); // dpkg-deb -x does that
      await cache.entry('k', 'nested', async () => undefined); // sweeps
      writeFileSync(path.join(directory, 'second'), 'x');
    });
    expect(readdirSync(made).sort()).toEqual(['first', 'second']);
  });

  it('swept while its builder slept becomes an error, never an entry with holes', async () => {
    const made = new Cache(root).entry('k', 'slept', async (directory) => {
      writeFileSync(path.join(directory, 'first'), 'x');
      silence(directory);
      await sweepHalfBuilt(root);
      mkdirSync(directory, { recursive: true }); // tools make folders that they miss
      writeFileSync(path.join(directory, 'second'), 'x');
    });
    await expect(made).rejects.toMatchObject({ code: 'environment' });
    expect(entries()).toEqual([]);
  });

  it('that a killed sweeper had begun to remove is removed by the next', async () => {
    mkdirSync(path.join(root, 'k', 'key.dead-0badcafe', 'below'), { recursive: true });
    await sweepHalfBuilt(root);
    expect(entries()).toEqual([]);
  });

  it('in a cache that cannot be written is an error of the environment', async () => {
    writeFileSync(path.join(root, 'file'), '');
    const made = new Cache(path.join(root, 'file')).entry('k', 'key', async () => undefined);
    await expect(made).rejects.toMatchObject({ code: 'environment' });
  });

  it('without space left is an error of the environment', async () => {
    const made = new Cache(root).entry('k', 'key', async () => {
      throw Object.assign(new Error('write'), { code: 'ENOSPC' });
    });
    await expect(made).rejects.toMatchObject({
      code: 'environment',
      facts: { observed: expect.stringContaining('no space left') as string },
    });
    expect(entries()).toEqual([]);
  });
});

describe('a lock', () => {
  it('lets one at a time in, and the next one after a failure', async () => {
    const cache = new Cache(root);
    let inside = 0;
    const work = async (): Promise<void> => {
      inside++;
      expect(inside).toBe(1);
      await sleep(30);
      inside--;
      throw new Error('of the work');
    };
    const all = await Promise.allSettled([1, 2, 3].map(() => cache.locked('name', work)));
    for (const one of all) {
      expect(one).toMatchObject({ status: 'rejected', reason: { message: 'of the work' } });
    }
    expect(await cache.locked('name', async () => 'free')).toBe('free');
  });

  it('of another process is told of in one line, one of this process is not', async () => {
    const lines: string[] = [];
    const cache = new Cache(root);
    const owner = path.join(root, 'locks', 'name.owner');
    const waitFor = async (
      spoil: (text: string) => string,
      enough: () => Promise<unknown>,
    ): Promise<void> => {
      let waiting: Promise<string> = Promise.resolve('');
      await cache.locked('name', async () => {
        writeFileSync(owner, spoil(readFileSync(owner, 'utf8')));
        const other = new Cache(root).telling((line) => void lines.push(line));
        waiting = other.locked('name', async () => 'mine');
        await enough();
      });
      expect(await waiting).toBe('mine');
      expect(existsSync(owner)).toBe(false);
    };
    // Longer than a second, after which it would be told.
    await waitFor(
      (text) => text,
      () => sleep(2_500),
    );
    expect(lines).toEqual([]);
    const told = (count: number) => () =>
      vi.waitFor(() => expect(lines).toHaveLength(count), { timeout: 20_000 });
    await waitFor((text) => text.replace(/"id":"[^"]*"/, '"id":"another"'), told(1));
    expect(lines[0]).toMatch(
      /^waiting for name, held by pid \d+ \(dmrace[^)]*\), since [\d:]{8} \(\d+ s\)$/,
    );
    await waitFor(() => '{', told(2));
    expect(lines[1]).toBe('waiting for name, held by another process');
  });

  it.each([
    [true, 'pid 7 (dmrace kernel build src:.), since HH:MM:SS (75 s)'],
    [null, 'pid 7 in a container or on host (dmrace kernel build src:.), since HH:MM:SS (75 s)'],
    [
      false,
      'pid 7 (dmrace kernel build src:.), since HH:MM:SS (75 s); it has died, and its lock ends 20 s after that',
    ],
  ])('names its owner, running: %s', (running, words) => {
    const owner = {
      id: 'x',
      pid: 7,
      host: 'host',
      namespace: 'n',
      command: 'dmrace kernel build src:.',
      sinceMs: 0,
    };
    const said = describeOwner(owner, running, 75_000, 20_000);
    expect(said.replace(/\d\d:\d\d:\d\d/, 'HH:MM:SS')).toBe(words);
  });

  it('is no longer waited for after an interrupt', async () => {
    let release = (): void => undefined;
    let holding: Promise<void> = Promise.resolve();
    await new Promise<void>((held) => {
      holding = new Cache(root).locked('name', () => {
        held();
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      });
    });
    const stop = new AbortController();
    const waiting = new Cache(root, stop.signal).locked('name', async () => 'never');
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    release();
    await holding;
  });
});

describe('contentKey', () => {
  it('depends on every part, their order and their borders', () => {
    const keys = [
      contentKey([]),
      contentKey(['']),
      contentKey(['', '']),
      contentKey(['ab', 'c']),
      contentKey(['a', 'bc']),
      contentKey(['abc']),
      contentKey(['c', 'ab']),
      contentKey(['1:a']),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
  });
  it('is the same for text and its bytes', () => {
    expect(contentKey(['é'])).toBe(contentKey([new TextEncoder().encode('é')]));
  });
});

describe('the cache’s place', () => {
  it('is given, or the platform’s', async () => {
    vi.stubEnv('DMRACE_CACHE_DIR', path.join(root, 'given'));
    expect(cacheDirectory()).toBe(path.join(root, 'given'));
    expect((await openCache()).root).toBe(path.join(root, 'given'));
    expect(readdirSync(path.join(root, 'given'))).toEqual([]);
    vi.stubEnv('DMRACE_CACHE_DIR', '');
    vi.stubEnv('XDG_CACHE_HOME', root);
    expect(cacheDirectory()).toMatch(/dmrace/);
  });

  it.each(['a b', 'a:b'])(
    '%j is refused, because kbuild builds in no such folder',
    async (name) => {
      vi.stubEnv('DMRACE_CACHE_DIR', path.join(root, name));
      await expect(openCache()).rejects.toMatchObject({
        code: 'environment',
        message: expect.stringContaining('DMRACE_CACHE_DIR') as string,
      });
      expect(readdirSync(root)).toEqual([]);
    },
  );

  it('that cannot be written is an error of the environment that names it', async () => {
    writeFileSync(path.join(root, 'file'), '');
    vi.stubEnv('DMRACE_CACHE_DIR', path.join(root, 'file', 'below'));
    await expect(openCache()).rejects.toMatchObject({
      code: 'environment',
      facts: { artefact: path.join(root, 'file', 'below') },
    });
  });
});
