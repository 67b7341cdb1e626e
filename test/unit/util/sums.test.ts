// SPDX-License-Identifier: MIT
// Entries of the cache that are not what they were made.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DmraceError } from '../../../harness/model/errors.js';
import { Cache, mending, requireWhole } from '../../../harness/util/cache.js';

let root: string;
let built: number;
let told: string[];
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-sums-test-'));
  built = 0;
  told = [];
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const build = async (directory: string): Promise<void> => {
  built++;
  mkdirSync(path.join(directory, 'below'));
  writeFileSync(path.join(directory, 'below/f'), 'content');
  utimesSync(path.join(directory, 'below/f'), 1000, 1000);
  symlinkSync('below/f', path.join(directory, 'link'));
};
const open = (at = root): Cache => new Cache(at, undefined, (line) => void told.push(line));
const make = (cache = open(), bound = false): Promise<string> =>
  cache.entry('k', 'key', build, { bound });
const file = (): string => path.join(root, 'k/key/below/f');
const sums = (at = root): string => path.join(at, 'sums/k/key.json');

/** Another content of the same size and times. */
function flip(): void {
  const { atime, mtime } = statSync(file());
  writeFileSync(file(), 'CONTENT');
  utimesSync(file(), atime, mtime);
}

describe('an entry of the cache', () => {
  it.each([
    ['is cut off', () => truncateSync(file(), 3), /has 3 bytes instead of 7/],
    ['is missing', () => rmSync(file()), /is missing/],
    ['has another content', () => writeFileSync(file(), 'CONTENT'), /another content/],
  ])('of which a file %s is made again at its next use', async (_, damage, says) => {
    await make();
    damage();
    await make();
    expect(built).toBe(2);
    expect(readFileSync(file(), 'utf8')).toBe('content');
    expect(told.join()).toMatch(says);
    await make();
    expect(built).toBe(2);
  });

  it('that nobody reads yet is not compared, and made again by whoever does', async () => {
    const there = { bound: true, unread: true };
    const later = (cache = open()): Promise<string> => cache.entry('k', 'key', build, there);
    await later();
    expect(built).toBe(1);
    truncateSync(file(), 3);
    await later();
    expect(built).toBe(1);
    await make(open(), true);
    expect(built).toBe(2);
    expect(told.join()).toMatch(/has 3 bytes instead of 7/);
    // It counts as used: before a kernel is blamed it is read like the others.
    const cache = open();
    await later(cache);
    flip();
    expect(await cache.mendUsed()).toEqual([
      'k/key: below/f has another content than it was made with',
    ]);
    await later(cache);
    expect(built).toBe(3);
  });

  it('whose link leads elsewhere is made again', async () => {
    const entry = await make();
    rmSync(path.join(entry, 'link'));
    symlinkSync('below/x', path.join(entry, 'link'));
    await make();
    expect(built).toBe(2);
  });

  it('whose sums are no JSON is made again', async () => {
    await make();
    writeFileSync(sums(), '{');
    await make();
    expect(built).toBe(2);
  });

  it('that was copied without its times is used as it is, and its sums are renewed', async () => {
    await make();
    utimesSync(file(), 1, 1);
    await make();
    await make();
    expect(built).toBe(1);
    expect(JSON.parse(readFileSync(sums(), 'utf8')).files['below/f'][1]).toBe(1000);
  });

  it('from before sums were kept is used as it is', async () => {
    await make();
    rmSync(sums());
    await make();
    expect(built).toBe(1);
    expect(existsSync(sums())).toBe(true);
  });

  it('that was swapped with another one, sums and all, is made again', async () => {
    await make();
    await open().entry('k', 'other', build);
    const swap = (folder: string, end: string): void => {
      const [one, two] = [`key${end}`, `other${end}`].map((name) => path.join(root, folder, name));
      renameSync(one ?? '', path.join(root, 'aside'));
      renameSync(two ?? '', one ?? '');
      renameSync(path.join(root, 'aside'), two ?? '');
    };
    swap('k', '');
    swap('sums/k', '.json');
    await make();
    expect(built).toBe(3);
    expect(told.join()).toContain('k/key in the cache: it was made as k/other; made again');
    // The one that nobody has asked for yet is found before anything else is blamed.
    const cache = open();
    await cache.entry('k', 'other', build, { unread: true });
    expect(await cache.mendUsed()).toEqual(['k/other: it was made as k/key']);
  });

  it('that names its place is made again where the cache was moved; others are not', async () => {
    await make();
    await open().entry('k', 'bound', build, { bound: true });
    expect(built).toBe(2);
    const other = path.join(root, 'moved');
    cpSync(path.join(root, 'k'), path.join(other, 'k'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    cpSync(path.join(root, 'sums'), path.join(other, 'sums'), { recursive: true });
    await make(open(other));
    expect(built).toBe(2);
    const cache = open(other);
    await cache.entry('k', 'bound', build, { bound: true });
    expect(built).toBe(3);
    expect(told.join()).toContain(`it was made for ${path.join(root, 'k/bound')}`);
  });
});

describe('before anything else is blamed', () => {
  const signal = new AbortController().signal;
  const blame = new DmraceError('inconclusive', { observed: 'it does not boot', action: 'x' });

  it('entries are read in full, those that are damaged made again, and the work done once more', async () => {
    const cache = open();
    let tries = 0;
    const work = async (): Promise<string> => {
      tries++;
      await make(cache);
      if (readFileSync(file(), 'utf8') !== 'content') throw blame;
      return 'done';
    };
    await make(cache);
    flip();
    expect(await mending({ cache, signal }, (line) => void told.push(line), work)).toBe('done');
    expect([tries, built]).toEqual([2, 2]);
    expect(told.join()).toMatch(/it does not boot; but .*k\/key: .*another content/);
  });

  it('a failure with whole entries is what it was, at once', async () => {
    const cache = open();
    await make(cache);
    let tries = 0;
    const work = (): Promise<never> => {
      tries++;
      return Promise.reject(blame);
    };
    await expect(mending({ cache, signal }, () => undefined, work)).rejects.toBe(blame);
    expect(tries).toBe(1);
  });

  it('an entry of which nobody knows what it was is made again too, but for packages', async () => {
    for (const [kind, gone] of [
      ['k', 1],
      ['deb', 0],
    ] as const) {
      const cache = open();
      await cache.entry(kind, 'key', build);
      rmSync(path.join(root, 'sums'), { recursive: true });
      const again = open();
      await again.entry(kind, 'key', build);
      expect(await again.mendUsed()).toHaveLength(gone);
    }
  });

  it('only kinds that are asked for are read', async () => {
    const cache = open();
    await make(cache);
    flip();
    await requireWhole(cache, new Set(['other']));
    await expect(requireWhole(cache)).rejects.toMatchObject({ kind: 'cache-mended' });
    expect(existsSync(file())).toBe(false);
  });
});
