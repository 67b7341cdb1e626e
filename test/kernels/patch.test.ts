// SPDX-License-Identifier: MIT
// `--patch` on a tree: what a series has built, and that the tree is only read. Starts from the
// shared build.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheDirectory } from '../../harness/util/cache.js';
import { dmrace } from '../support/command.js';
import {
  BUILD_TIMEOUT_MS,
  builtKernel,
  noKernelBuilds,
  withTree,
} from '../support/kernel/built.js';
import { writeDiff } from '../support/patch.js';

/** Objects that a build's log says were compiled; what every link compiles again aside. */
const compiled = (log: string): string[] =>
  [...log.matchAll(/^ {2}CC(?: \[M\])? +(\S+\.o)$/gm)]
    .map((match) => match[1] ?? '')
    .filter(
      (name) =>
        !/^(init\/version-timestamp|\.vmlinux\.export|.*\.mod|\.module-common)\.o$/.test(name),
    )
    .sort();

/** Name, size and both times of everything in a folder: any write shows. */
const listing = async (folder: string): Promise<string> =>
  (await execa('find', [folder, '-printf', '%P %s %T@ %C@\\n'], { maxBuffer: 64 << 20 })).stdout;

const why = await noKernelBuilds();

describe.skipIf(why !== '')(`--patch on src:${why === '' ? '' : ` (skipped: ${why})`}`, () => {
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-patch-'));
    await builtKernel();
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(work, { recursive: true, force: true }));

  /** A diff that replaces a text, which occurs once, in a file of the tree. */
  const patchOf = (tree: string, file: string, find: string, replace: string): Promise<string> =>
    writeDiff(
      path.join(work, `${path.basename(file)}.diff`),
      { at: path.join(tree, file), path: file },
      { find, replace },
    );

  /** What the build that was the last one compiled. */
  async function lastBuilt(): Promise<string[]> {
    const folder = path.join(cacheDirectory(), 'build');
    const logs = (await readdir(folder)).map((name) => path.join(folder, name, 'dmrace-make.log'));
    const times = await Promise.all(
      logs.map((log) =>
        stat(log).then(
          (s) => s.mtimeMs,
          () => 0,
        ),
      ),
    );
    const last = logs[times.indexOf(Math.max(...times))] ?? '';
    return compiled(await readFile(last, 'utf8'));
  }

  it(
    'each series builds what it changes, and what the one before had changed',
    () =>
      withTree(async (tree) => {
        const before = await listing(tree);
        const genhd = await patchOf(
          tree,
          'block/genhd.c',
          '/* frees the disk */',
          '/* frees it */',
        );
        const dm = await patchOf(tree, 'drivers/md/dm.c', '"cleaned up"', '"gone"');
        const build = async (...patches: string[]): Promise<string[]> => {
          const words = patches.flatMap((file) => ['--patch', file]);
          const { exitCode, stderr } = await dmrace(['kernel', 'build', `src:${tree}`, ...words]);
          expect(exitCode, stderr).toBe(0);
          return lastBuilt();
        };
        // From a test that was run before, the tree of links may hold another series: begin with one.
        await build(genhd);
        expect(await build(genhd, dm)).toEqual(['drivers/md/dm.o']);
        expect(await build(dm)).toEqual(['block/genhd.o']);
        expect(await listing(tree)).toBe(before);
      }),
    BUILD_TIMEOUT_MS,
  );

  it(
    'the first series begins with the build of the tree as it is',
    () =>
      withTree(async (tree) => {
        await rm(path.join(cacheDirectory(), 'linked'), { recursive: true, force: true });
        const dm = await patchOf(tree, 'drivers/md/dm.c', '"cleaned up"', '"gone away"');
        // Its own build folder, which is told by the linked tree that it names.
        const folder = path.join(cacheDirectory(), 'build');
        for (const name of await readdir(folder)) {
          const makefile = await readFile(path.join(folder, name, 'Makefile'), 'utf8').catch(
            () => '',
          );
          if (makefile.includes('/linked/')) await rm(path.join(folder, name), { recursive: true });
        }
        const result = await dmrace(['kernel', 'build', `src:${tree}`, '--patch', dm]);
        expect(result.exitCode, result.stderr).toBe(0);
        expect(result.stderr).toContain('only what the patches change is built');
        expect(await lastBuilt()).toEqual(['drivers/md/dm.o']);
      }),
    BUILD_TIMEOUT_MS,
  );
});
