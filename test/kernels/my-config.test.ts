// SPDX-License-Identifier: MIT
// --config of a distribution, in small: a kernel of few built-in parts with big modules, on Debian's
// source. Cut down to what the race needs, half of the files or fewer are built. Nothing is compiled
// but what make needs to count the rest.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countSteps, runMake } from '../../harness/kernel/compile.js';
import { configure } from '../../harness/kernel/configure.js';
import { fetchSource } from '../../harness/kernel/sources.js';
import { configProblems, modulesOf, parseKernelConfig } from '../../harness/model/kernel.js';
import { buildRequest } from '../../harness/model/kernel-profile.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import type { Work } from '../../harness/util/work.js';
import { BUILD_TIMEOUT_MS, noKernelBuilds } from '../support/kernel/built.js';
import { testWork } from '../support/work.js';

const DISTRIBUTION = `CONFIG_SMP=y
CONFIG_BLOCK=y
CONFIG_PCI=y
CONFIG_EXT4_FS=y
CONFIG_XFS_FS=m
CONFIG_BTRFS_FS=m
CONFIG_OCFS2_FS=m
CONFIG_DRM=m
CONFIG_DRM_AMDGPU=m
CONFIG_DRM_I915=m
CONFIG_DRM_NOUVEAU=m
CONFIG_MD=y
CONFIG_BLK_DEV_DM=y
CONFIG_DM_CRYPT=m
CONFIG_DM_SNAPSHOT=m
CONFIG_DAX=m
`;

const why = await noKernelBuilds();

describe.skipIf(why !== '')(`--config${why === '' ? '' : ` (skipped: ${why})`}`, () => {
  let folder: string;
  let work: Work;
  let source: string;
  let file: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dmrace-config-'));
    work = await testWork();
    source = await fetchSource(work, 'debian:6.12');
    file = path.join(folder, 'distribution.config');
    await writeFile(file, DISTRIBUTION);
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Configures from the file. */
  const configured = async (name: string, profile: string | undefined, allModules: boolean) => {
    const build = path.join(folder, name);
    await mkdir(build);
    const make = ['-C', source, `O=${build}`, 'ARCH=x86', 'CC=gcc'];
    const request = buildRequest(profile, file, { allModules });
    const needed = [DM_MOD_BUILD.module];
    const { modulesLeftOut } = await configure(work, { source, build, request, make, needed });
    const config = parseKernelConfig(await readFile(path.join(build, '.config'), 'utf8'));
    return { build, make, modulesLeftOut, config, modules: modulesOf(config) };
  };

  /** The steps of kbuild from nothing, nearly all of them counted by `make -n`. */
  const steps = async ({ build, make }: { build: string; make: string[] }): Promise<number> => {
    const all = [`-j${availableParallelism()}`, ...make];
    const log = path.join(build, 'prepare.log');
    const run = { arguments: [...all, 'prepare'], log, expected: null, what: file };
    const done = await runMake(work, run);
    const left = await countSteps([...all, 'vmlinux', 'modules'], work.signal);
    if (left === null) throw new Error('make -n names no step');
    return done + left;
  };

  it(
    'half of the files or fewer; what is built in, dm and what dm depends on stay',
    async () => {
      const every = await configured('every', undefined, true);
      const few = await configured('few', undefined, false);
      expect(every.modulesLeftOut).toBeNull();
      expect(every.modules).toContain('DRM_AMDGPU');
      // The last one is localmodconfig's own wish: streamline_config.pl switches it on.
      expect(few.modules.sort()).toEqual(['BLK_DEV_DM', 'DAX', 'IKCONFIG']);
      const gone = every.modules.filter((name) => !few.modules.includes(name));
      expect(few.modulesLeftOut).toBe(gone.length);
      expect(few.config.get('EXT4_FS')).toBe('y');
      expect(configProblems(few.config, DM_MOD_BUILD)).toEqual([]);
      const [before, after] = [await steps(every), await steps(few)];
      process.stderr.write(`[config] ${before} files with every module, ${after} without\n`);
      expect(after).toBeLessThanOrEqual(before / 2);
    },
    BUILD_TIMEOUT_MS,
  );

  it(
    'what a profile asks for stays',
    async () => {
      // Of the profiles only this one has modules; nothing of it is arm64's own.
      const { modules } = await configured('profile', 'rpi', false);
      expect(modules).toContain('DM_SNAPSHOT');
      expect(modules).not.toContain('DM_CRYPT');
    },
    BUILD_TIMEOUT_MS,
  );
});
