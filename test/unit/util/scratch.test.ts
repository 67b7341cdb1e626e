// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scratch, sweepScratch } from '../../../harness/util/scratch.js';
import { hasDied, ourWord } from '../../../harness/util/whose.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync('/tmp/ds-');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

/** A socket can really be made there. */
const listens = (folder: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(path.join(folder, 'commands'), () => server.close(() => resolve(true)));
  });

describe('the folder of sockets', () => {
  it('is in TMPDIR, and gone when it is disposed', async () => {
    vi.stubEnv('TMPDIR', root);
    const place = scratch();
    expect(path.dirname(place.folder)).toBe(root);
    expect(await listens(place.folder)).toBe(true);
    place[Symbol.dispose]();
    expect(readdirSync(root)).toEqual([]);
  });

  it.each([
    ['has 110 characters', () => path.join(root, 'x'.repeat(110 - root.length - 1)), true],
    ['is missing', () => path.join(root, 'none'), false],
    ['is a file', () => path.join(root, 'file'), false],
    ['is /proc', () => '/proc', false],
  ])('is elsewhere when TMPDIR %s', async (_, folder, make) => {
    writeFileSync(path.join(root, 'file'), '');
    if (make) mkdirSync(folder());
    vi.stubEnv('TMPDIR', folder());
    using place = scratch();
    expect(place.folder.startsWith(folder())).toBe(false);
    expect(await listens(place.folder)).toBe(true);
  });
});

describe('what a killed process left', () => {
  const left = (word: string): string => {
    const folder = path.join(root, `dmrace-${word}-abc123`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'stderr'), '');
    return folder;
  };

  it('is removed; what lives, or is another namespace’s or nobody’s, stays', () => {
    const { pid } = spawnSync('true');
    const [namespace = '', mine = '', start = ''] = ourWord().split('-');
    const dead = [left(`${namespace}-${pid.toString(36)}-1`), left(`${namespace}-${mine}-1`)];
    const kept = [
      left(ourWord()),
      left(`zzz-${mine}-1`),
      path.join(root, 'dmrace-qmp-test-abc123'),
    ];
    mkdirSync(kept[2] ?? '');
    sweepScratch(root);
    for (const folder of dead) expect(existsSync(folder)).toBe(false);
    for (const folder of kept) expect(existsSync(folder)).toBe(true);
    expect(start).not.toBe('');
  });

  it('in a folder that cannot be read is no error', () => {
    chmodSync(root, 0o000);
    expect(() => sweepScratch(path.join(root, 'none'))).not.toThrow();
    chmodSync(root, 0o700);
  });

  it('is told by when its process was started, not by its pid alone', () => {
    expect(hasDied(ourWord())).toBe(false);
    expect(hasDied(ourWord().replace(/-[0-9a-z]+$/, '-1'))).toBe(true);
    expect(hasDied('nonsense')).toBe(false);
  });
});
