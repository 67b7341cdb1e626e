// SPDX-License-Identifier: MIT
// `dmrace audit` of a tree: the shared build's configuration with a module of the block layer, which
// `base` leaves out. Its build folder begins as a copy of the shared build.
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
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

const why = await noKernelBuilds();

/** A type with a release method of its own, which nothing uses. */
const TYPE = `
static void brd_probe_release(struct kobject *kobj)
{
}

static const struct kobj_type brd_probe_ktype __used = { .release = brd_probe_release };

MODULE_LICENSE("GPL");
`;

describe.skipIf(why !== '')(`audit of src:${why === '' ? '' : ` (skipped: ${why})`}`, () => {
  let work: string;
  let config: string;
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-audit-'));
    const { kernel } = await builtKernel();
    // Its path is part of what names the build folder: the same in every run.
    config = path.join(cacheDirectory(), 'test-audit.config');
    await copyFile(path.join(path.dirname(kernel.image), 'config'), config);
    await writeFile(config, '\nCONFIG_BLK_DEV=y\nCONFIG_BLK_DEV_RAM=m\n', { flag: 'a' });
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(work, { recursive: true, force: true }));

  const audit = (tree: string, ...words: string[]) =>
    dmrace([
      ...['audit', 'brd', '--kernel', `src:${tree}`, '--config', config, '--profile', 'base'],
      ...['--jobs', '1', '--accel', 'tcg', '--format', 'json', ...words],
    ]);

  it(
    'boots it with all its modules, and what a disk leaves behind is proven',
    async () => {
      const out = path.join(work, 'live');
      const result = await withTree((tree) => audit(tree, '--out', out));
      expect(result.exitCode, result.stderr).toBe(1);
      const said = JSON.parse(result.stdout);
      expect(said.findings).toContainEqual(
        expect.objectContaining({ id: 'disk-fops:disk_release', word: 'proven' }),
      );
      // This kernel has no type data: what the files say are hints.
      expect(said.reasons.join('\n')).toContain('the weaker route was taken');
      const note = JSON.parse(await readFile(path.join(out, 'audit.json'), 'utf8'));
      expect(note.kernel.build).toMatchObject({ profiles: ['base'], config });
      expect(note.kernel.build).not.toHaveProperty('modulesLeftOut');
    },
    BUILD_TIMEOUT_MS,
  );

  it(
    'has the modules of a series with --patch',
    async () => {
      const result = await withTree(async (tree) => {
        const source = { at: path.join(tree, 'drivers/block/brd.c'), path: 'drivers/block/brd.c' };
        const change = { find: '\nMODULE_LICENSE("GPL");\n', replace: TYPE };
        const patch = await writeDiff(path.join(work, 'type.diff'), source, change);
        return audit(tree, '--static', '--patch', patch, '--out', path.join(work, 'patched'));
      });
      expect(result.exitCode, result.stderr).toBe(0);
      const { findings } = JSON.parse(result.stdout);
      expect(findings).toContainEqual(
        expect.objectContaining({ id: 'ktype:brd:brd_probe_release', word: 'hint' }),
      );
    },
    BUILD_TIMEOUT_MS,
  );
});
