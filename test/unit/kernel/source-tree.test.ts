// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  compareVersions,
  makefileVersion,
  openSourceTree,
  type SourceTree,
} from '../../../harness/kernel/source-tree.js';
import { ARCH } from '../../../harness/model/arch/index.js';
import { DM_MOD_BUILD } from '../../../harness/suspects/dm_mod/build.js';

const MAKEFILE = '# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\nNAME = x\n';
let root: string;

const open = (given: string): Promise<SourceTree> =>
  openSourceTree(given, ARCH.x86_64, DM_MOD_BUILD);

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
    const first = await open(root);
    expect(first.version).toBe('6.12.117');
    expect(first.commit).toBeNull();
    put('drivers/md/dm-builtin.c', 'xy');
    const second = await open(root);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect((await open(root)).fingerprint).toBe(second.fingerprint);
  });

  it('refuses what is no kernel tree, as wrong usage, naming what it lacks', async () => {
    await expect(open(root)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is not a kernel tree: it has no Makefile, Kconfig'),
    });
    await expect(open('/nonexistent')).rejects.toMatchObject({
      code: 'usage',
    });
    tree();
    put('Makefile', 'all:\n');
    await expect(open(root)).rejects.toThrow(/Makefile has no VERSION/);
  });

  it('refuses a tree that was built in place, with the command that cleans it', async () => {
    tree();
    put('.config');
    put('include/config/auto.conf');
    await expect(open(root)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/holds \.config, include\/config[\s\S]*mrproper/),
    });
  });

  it.each(['with space', 'with:colon'])('refuses %j, which kbuild cannot build', async (name) => {
    root = path.join(root, name);
    tree();
    await expect(open(root)).rejects.toMatchObject({
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
    const found = await open(worktree);
    expect(found.commit).toBe(git('-C', origin, 'rev-parse', '--short=12', 'HEAD'));
    expect(found.directory).toBe(worktree);
    expect(listing()).toBe(before);
    writeFileSync(path.join(worktree, 'drivers/md/dm-builtin.c'), 'xy');
    expect((await open(worktree)).commit).toBe(`${found.commit}-dirty`);
  });

  it('takes a tree that has the method in the module, as its revert has it', async () => {
    tree();
    rmSync(path.join(root, 'drivers/md/dm-builtin.c'));
    put('drivers/md/dm-sysfs.c', '#include\nvoid dm_kobject_release(struct kobject *kobj)\n{\n}\n');
    expect((await open(root)).version).toBe('6.12.117');
  });

  it('a tree before 3.14 is skipped, not called good', async () => {
    tree();
    rmSync(path.join(root, 'drivers/md/dm-builtin.c'));
    put('drivers/md/dm-sysfs.c', 'static struct kobj_type dm_ktype = {\n};\n');
    await expect(open(root)).rejects.toMatchObject({
      code: 'inconclusive',
      facts: {
        observed: `${root} (6.12.117) has no drivers/md/dm-builtin.c, and no dm_kobject_release() in dm-sysfs.c`,
        action: 'choose a kernel from 3.14 on: before, there is no release method to judge',
      },
    });
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
