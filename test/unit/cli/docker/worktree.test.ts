// SPDX-License-Identifier: MIT
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gitFolderOf } from '../../../../harness/cli/docker/worktree.js';

let work: string;
beforeAll(async () => {
  work = await realpath(await mkdtemp(path.join(tmpdir(), 'dmrace-worktree-')));
  const main = path.join(work, 'main');
  const git = (...words: string[]) =>
    execa('git', ['-c', 'user.name=n', '-c', 'user.email=e', '-C', main, ...words]);
  await execa('git', ['init', '-q', main]);
  await git('commit', '-q', '--allow-empty', '-m', 'first');
  await git('worktree', 'add', '-q', path.join(work, 'tree'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

it('a worktree needs the folder of the repository that it is of', async () => {
  expect(await gitFolderOf(path.join(work, 'tree'))).toBe(path.join(work, 'main/.git'));
});

it('a repository and a plain folder need nothing else', async () => {
  expect(await gitFolderOf(path.join(work, 'main'))).toBeNull();
  expect(await gitFolderOf(work)).toBeNull();
});

it('a damaged link is followed no further than it goes', async () => {
  await writeFile(path.join(work, '.git'), 'gitdir: nowhere\n');
  expect(await gitFolderOf(work)).toBe(path.join(work, 'nowhere'));
});
