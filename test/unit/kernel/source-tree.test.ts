// SPDX-License-Identifier: GPL-2.0-only
import { execFileSync } from 'node:child_process';
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

  it.each(['with space', 'with:colon'])('refuses %j, which kbuild cannot build', async (name) => {
    root = path.join(root, name);
    tree();
    await expect(openSourceTree(root, ARCH.x86_64)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/spaces or colons[\s\S]*git worktree add/) as string,
    });
    root = path.dirname(root);
  });

  it('knows the commit of a git worktree and writes nothing into it', async () => {
    const origin = path.join(root, 'origin');
    const worktree = path.join(root, 'worktree');
    const top = root;
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], {
        encoding: 'utf8',
      }).trim();
    root = origin;
    tree();
    root = top;
    git('init', '-q', origin);
    git('-C', origin, 'add', '-A');
    git('-C', origin, 'commit', '-qm', 'x');
    git('-C', origin, 'worktree', 'add', '-q', worktree);
    const listing = (): string =>
      execFileSync('find', [top, '-printf', '%P %s %T@ %C@\\n'], { encoding: 'utf8' });
    const before = listing();
    const found = await openSourceTree(worktree, ARCH.x86_64);
    expect(found.commit).toBe(git('-C', origin, 'rev-parse', '--short=12', 'HEAD'));
    expect(found.directory).toBe(worktree);
    expect(listing()).toBe(before);
    writeFileSync(path.join(worktree, 'drivers/md/dm-builtin.c'), 'xy');
    expect((await openSourceTree(worktree, ARCH.x86_64)).commit).toBe(`${found.commit}-dirty`);
  });

  it('takes a tree that has the method in the module, as its revert has it', async () => {
    tree();
    rmSync(path.join(root, 'drivers/md/dm-builtin.c'));
    put('drivers/md/dm-sysfs.c', '#include\nvoid dm_kobject_release(struct kobject *kobj)\n{\n}\n');
    expect((await openSourceTree(root, ARCH.x86_64)).version).toBe('6.12.117');
  });

  it('a tree before 3.14 is skipped, not called good', async () => {
    tree();
    rmSync(path.join(root, 'drivers/md/dm-builtin.c'));
    put('drivers/md/dm-sysfs.c', 'static struct kobj_type dm_ktype = {\n};\n');
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
