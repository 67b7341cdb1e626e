// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneReady, use } from '../../../harness/rig/ready-use.js';
import { Cache } from '../../../harness/util/cache.js';

const MIB = 1 << 20;
const NOW_MS = Date.now();
const MINUTE_MS = 60_000;

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-ready-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const keyOf = (letter: string): string => letter.repeat(32);
const folderOf = (letter: string): string => path.join(root, 'ready', keyOf(letter));

/** A saved guest of 1 MiB that was used some minutes ago. */
function saved(letter: string, minutesAgo: number): void {
  mkdirSync(folderOf(letter), { recursive: true });
  writeFileSync(path.join(folderOf(letter), 'memory'), Buffer.alloc(MIB, 1));
  const at = (NOW_MS - minutesAgo * MINUTE_MS) / 1000;
  writeFileSync(path.join(folderOf(letter), 'used'), '');
  utimesSync(path.join(folderOf(letter), 'used'), at, at);
}

const left = (): string[] => readdirSync(path.join(root, 'ready')).map((key) => key[0] ?? '');

describe('saved guests in the cache', () => {
  it('go, the least recently used first, until the rest fits', async () => {
    for (const [letter, minutesAgo] of [
      ['a', 30],
      ['b', 90],
      ['c', 60],
      ['d', 20],
    ] as const)
      saved(letter, minutesAgo);
    expect(await pruneReady(new Cache(root), 2.5 * MIB, NOW_MS)).toBe(2);
    expect(left().sort()).toEqual(['a', 'd']);
  });

  it('stay while they fit', async () => {
    saved('a', 500);
    saved('b', 400);
    expect(await pruneReady(new Cache(root), 3 * MIB, NOW_MS)).toBe(0);
    expect(left().length).toBe(2);
  });

  it('stay when they are in use, whatever they take', async () => {
    saved('a', 500);
    saved('b', 400);
    await use(folderOf('a'));
    expect(await pruneReady(new Cache(root), 0)).toBe(1);
    expect(left()).toEqual(['a']);
  });

  it('of a version that says nothing of use have a day', async () => {
    saved('a', 0);
    rmSync(path.join(folderOf('a'), 'used'));
    const cache = new Cache(root);
    expect(await pruneReady(cache, 0, NOW_MS + 60 * MINUTE_MS)).toBe(0);
    expect(await pruneReady(cache, 0, NOW_MS + 25 * 60 * MINUTE_MS)).toBe(1);
  });

  it('that are being made are no saved guests yet', async () => {
    mkdirSync(path.join(root, 'ready', `${keyOf('a')}.part-1`), { recursive: true });
    expect(await pruneReady(new Cache(root), 0)).toBe(0);
    expect(left()).toEqual(['a']);
  });
});
