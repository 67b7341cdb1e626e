// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { defaultRunFolder } from '../../../harness/campaign/run-folder.js';
import { Cache } from '../../../harness/util/cache.js';

const work = realpathSync(mkdtempSync(path.join(tmpdir(), 'dmrace-folder-')));
afterAll(() => rmSync(work, { recursive: true }));
const tree = path.join(work, 'linux');
mkdirSync(path.join(tree, 'drivers/md'), { recursive: true });
const cache = new Cache(path.join(work, 'cache'));
const folder = (kernel: string, cwd: string): Promise<string> =>
  defaultRunFolder(cache, kernel, '2026-11-25T01:02:03.000Z', cwd);

it.each([
  ['src:.', tree],
  [`src:${tree}`, path.join(tree, 'drivers')],
  ['src:../..', path.join(tree, 'drivers/md')],
])('%s from inside the tree is kept in the cache', async (kernel, cwd) => {
  mkdirSync(cwd, { recursive: true });
  expect(await folder(kernel, cwd)).toBe(`${work}/cache/runs/2026-11-25T01-02-03-000Z`);
});

it.each([
  ['src:linux', work],
  ['src:lin', work],
  ['debian', tree],
])('%s from outside it, or of no tree, is kept in this folder', async (kernel, cwd) => {
  expect(await folder(kernel, cwd)).toBe(`${cwd}/dmrace-runs/2026-11-25T01-02-03-000Z`);
});
