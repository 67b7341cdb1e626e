// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  compareVersions,
  makefileVersion,
  openSourceTree,
} from '../../../harness/kernel/source-tree.js';
import { ARCH } from '../../../harness/model/arch/index.js';

const MAKEFILE = '# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\nNAME = x\n';
let root: string;

const put = (name: string, text = ''): void => {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), text);
};

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-tree-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const tree = (): void => {
  put('Makefile', MAKEFILE);
  for (const file of ['Kconfig', 'scripts/Kbuild.include', 'drivers/md/Makefile']) put(file);
  put('drivers/md/dm-builtin.c', 'x');
};

describe('openSourceTree', () => {
  it('reads version and a fingerprint that follows every file', async () => {
    tree();
    const first = await openSourceTree(root, ARCH.x86_64);
    expect(first.version).toBe('6.12.117');
    expect(first.commit).toBeNull();
    put('drivers/md/dm-builtin.c', 'xy');
    const second = await openSourceTree(root, ARCH.x86_64);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect((await openSourceTree(root, ARCH.x86_64)).fingerprint).toBe(second.fingerprint);
  });

  it('refuses what is no kernel tree, as wrong usage, naming what it lacks', async () => {
    await expect(openSourceTree(root, ARCH.x86_64)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is not a kernel tree: it has no Makefile, Kconfig'),
    });
    await expect(openSourceTree('/nonexistent', ARCH.x86_64)).rejects.toMatchObject({
      code: 'usage',
    });
    tree();
    put('Makefile', 'all:\n');
    await expect(openSourceTree(root, ARCH.x86_64)).rejects.toThrow(/Makefile has no VERSION/);
  });

  it('refuses a tree that was built in place, with the command that cleans it', async () => {
    tree();
    put('.config');
    put('include/config/auto.conf');
    await expect(openSourceTree(root, ARCH.x86_64)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/holds \.config, include\/config[\s\S]*mrproper/),
    });
  });

  it('a tree before 3.14 is skipped, not called good', async () => {
    tree();
    rmSync(path.join(root, 'drivers/md/dm-builtin.c'));
    await expect(openSourceTree(root, ARCH.x86_64)).rejects.toMatchObject({ code: 'inconclusive' });
  });
});

it.each([
  [MAKEFILE, '6.12.117'],
  ['VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc7\n', '7.3.0-rc7'],
  ['VERSION =\nPATCHLEVEL =\n', null],
  ['all:\n', null],
])('version of %j', (text, wanted) => {
  expect(makefileVersion(text)).toBe(wanted);
});

it('compares dotted numbers', () => {
  expect(compareVersions('12.2.0', '5.1.0')).toBeGreaterThan(0);
  expect(compareVersions('8.1', '8.1.0')).toBe(0);
  expect(compareVersions('7.5.0', '8.1.0')).toBeLessThan(0);
});
