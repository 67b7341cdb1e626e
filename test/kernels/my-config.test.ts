// SPDX-License-Identifier: MIT
// --config of a board: arm64's own defconfig on Debian's source is every board's drivers, 1500
// modules. Cut down to what the race needs, half of the files or fewer are built. Nothing is compiled
// but what make needs to count the rest.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countSteps, runMake } from '../../harness/kernel/compile.js';
import { configure } from '../../harness/kernel/configure.js';
import { fetchSource } from '../../harness/kernel/sources.js';
import { ARCH } from '../../harness/model/arch/index.js';
import { configProblems, modulesOf, parseKernelConfig } from '../../harness/model/kernel.js';
import { buildRequest } from '../../harness/model/kernel-profile.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import { missingTools } from '../../harness/util/host-tools.js';
import { KERNEL_REQUIREMENTS } from '../../harness/util/requirements.js';
import { crossPrefix } from '../../harness/util/toolchain.js';
import type { Work } from '../../harness/util/work.js';
import { BUILD_TIMEOUT_MS } from '../support/kernel/built.js';
import { testWork } from '../support/work.js';

const arch = ARCH.arm64;
const absent = await missingTools(arch, KERNEL_REQUIREMENTS);
const skipped = absent.length > 0 && process.env.REQUIRE_KERNEL_BUILDS !== '1';
const why = skipped ? ` (skipped: missing ${absent.map((tool) => tool.needs).join(', ')})` : '';

describe.skipIf(skipped)(`--config of a board${why}`, () => {
  let folder: string;
  let work: Work;
  let source: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dmrace-config-'));
    work = await testWork({ arch });
    source = await fetchSource(work, 'debian:6.12');
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const makeIn = (build: string): string[] => [
    ...['-C', source, `O=${build}`, `ARCH=${arch.names.kernel}`],
    ...[`CROSS_COMPILE=${crossPrefix(arch)}`, `CC=${crossPrefix(arch)}gcc`],
  ];
  const defconfig = (): string => path.join(source, 'arch/arm64/configs/defconfig');

  /** Configures from a file. @returns what came of it, and how many modules the .config has */
  const configured = async (name: string, file: string, allModules: boolean) => {
    const build = path.join(folder, name);
    await mkdir(build, { recursive: true });
    const needed = [...arch.kernel.portModules, DM_MOD_BUILD.module];
    const request = buildRequest(undefined, file, allModules);
    const make = makeIn(build);
    const { modulesLeftOut } = await configure(work, { source, build, request, make, needed });
    const config = parseKernelConfig(await readFile(path.join(build, '.config'), 'utf8'));
    return { build, make, modulesLeftOut, config, modules: modulesOf(config) };
  };

  /** The steps of kbuild from nothing, nearly all of them counted by `make -n`. */
  const steps = async ({ build, make }: { build: string; make: string[] }): Promise<number> => {
    const all = [`-j${availableParallelism()}`, ...make];
    const log = path.join(build, 'prepare.log');
    const what = 'arm64 defconfig';
    const done = await runMake(work, { arguments: [...all, 'prepare'], log, expected: null, what });
    const left = await countSteps(
      [...all, path.basename(arch.kernel.image), 'modules'],
      work.signal,
    );
    if (left === null) throw new Error('make -n names no step');
    return done + left;
  };

  it(
    'arm64’s defconfig: half of the files or fewer; what is built in and dm stay',
    async () => {
      const every = await configured('every', defconfig(), true);
      const few = await configured('few', defconfig(), false);
      expect(every.modulesLeftOut).toBeNull();
      expect(every.modules.length).toBeGreaterThan(1000);
      expect(few.modulesLeftOut).toBe(every.modules.length - few.modules.length);
      expect(few.modules).toContain(DM_MOD_BUILD.option);
      expect(few.modules.length).toBeLessThan(20);
      expect(configProblems(few.config, DM_MOD_BUILD)).toEqual([]);
      const builtIn = (config: ReadonlyMap<string, string>): string[] =>
        [...config].flatMap(([name, value]) => (value === 'y' ? [name] : []));
      // Options of a module that is gone go with it; of what is a file of its own, nothing does.
      for (const name of ['PCI', 'EXT4_FS', 'USB', 'ARCH_BCM2835', 'DRM']) {
        expect(every.config.get(name), name).toBe('y');
        expect(builtIn(few.config), name).toContain(name);
      }
      const [before, after] = [await steps(every), await steps(few)];
      process.stderr.write(`[config] ${before} files with every module, ${after} without\n`);
      expect(after).toBeLessThanOrEqual(before / 2);
    },
    BUILD_TIMEOUT_MS,
  );

  it(
    'a module that dm needs on this .config stays, and so does what a profile asks for',
    async () => {
      const mine = path.join(folder, 'mine.config');
      await writeFile(mine, `${await readFile(defconfig(), 'utf8')}CONFIG_DAX=m\n`);
      const request = buildRequest('rpi', mine);
      const build = path.join(folder, 'mine');
      await mkdir(build);
      const make = makeIn(build);
      const needed = [DM_MOD_BUILD.module];
      await configure(work, { source, build, request, make, needed });
      const config = parseKernelConfig(await readFile(path.join(build, '.config'), 'utf8'));
      expect(config.get('DAX')).toBe('m');
      expect(config.get('DM_SNAPSHOT')).toBe('m');
      expect(modulesOf(config).length).toBeLessThan(30);
    },
    BUILD_TIMEOUT_MS,
  );
});
