// SPDX-License-Identifier: MIT
// Kernels built from a real tree, through the command line. All start from the shared build.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configure } from '../../harness/kernel/configure.js';
import { buildRequest } from '../../harness/model/kernel-profile.js';
import { cacheDirectory } from '../../harness/util/cache.js';
import { dmrace, eventually } from '../support/command.js';
import {
  BUILD_TIMEOUT_MS,
  builtKernel,
  noKernelBuilds,
  withTree,
} from '../support/kernel/built.js';
import { BROKEN } from '../support/kernel/history.js';
import { testWork } from '../support/work.js';

/** Objects that a build's log says were compiled, in order. */
const compiled = (log: string): string[] =>
  [...log.matchAll(/^ {2}CC(?: \[M\])? +(\S+\.o)$/gm)].map((match) => match[1] ?? '');

/** What every link compiles again, whatever has changed. */
const OF_THE_LINK = /^(init\/version-timestamp|\.vmlinux\.export|.*\.mod|\.module-common)\.o$/;

/** Name, size and both times of everything in a folder: any write shows. */
const listing = async (folder: string): Promise<string> =>
  (await execa('find', [folder, '-printf', '%P %s %T@ %C@\\n'], { maxBuffer: 64 << 20 })).stdout
    .split('\n')
    .sort()
    .join('\n');

/** The commit of the history with this subject. */
const commit = async (tree: string, subject: string): Promise<string> =>
  (await execa('git', ['-C', tree, 'log', '-1', '--format=%H', '-F', `--grep=${subject}`, 'main']))
    .stdout;

const checkOut = (tree: string, what: string): Promise<unknown> =>
  execa('git', ['-C', tree, 'checkout', '-q', what]);

const why = await noKernelBuilds();

describe.skipIf(why !== '')(`src:${why === '' ? '' : ` (skipped: ${why})`}`, () => {
  let work: string;
  /** The tree's build folder. */
  let build: string;

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-build-'));
    const { tree, kernel } = await builtKernel();
    expect(kernel.identity).toMatchObject({ methodHome: 'vmlinux', build: { profiles: ['base'] } });
    const folders = await readdir(path.join(cacheDirectory(), 'build'));
    const made = await Promise.all(
      folders.map(async (name) => {
        const folder = path.join(cacheDirectory(), 'build', name);
        const makefile = await readFile(path.join(folder, 'Makefile'), 'utf8').catch(() => '');
        const whole = await readFile(path.join(folder, 'dmrace.json'), 'utf8').catch(() => '');
        return makefile.includes(tree) && whole !== '' ? folder : '';
      }),
    );
    build = made.find(Boolean) ?? '';
    expect(build).not.toBe('');
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(work, { recursive: true, force: true }));

  const log = (): Promise<string> => readFile(path.join(build, 'dmrace-make.log'), 'utf8');

  it('a kernel that lacks what the scenario needs is for bisect to skip, with the way out', () =>
    withTree(async (tree) => {
      const out = path.join(work, 'delayed');
      const run = ['run', '--kernel', `src:${tree}`, '--scenario', 'delayed-release', '--out', out];
      const result = await dmrace(run);
      expect(result.exitCode, result.stderr).toBe(125);
      expect(result.stderr).toContain('CONFIG_DEBUG_KOBJECT_RELEASE is not set');
      expect(result.stderr).toContain('--profile base,debug-kobject-release');
    }));

  it('--config is what the configuration starts from; what the race needs is added', () =>
    withTree(async (tree) => {
      const mine = path.join(work, 'mine.config');
      const text = 'CONFIG_LOCALVERSION="-mine"\nCONFIG_HZ_1000=y\nCONFIG_BLK_DEV_DM=y\n';
      await writeFile(mine, text);
      const make = ['-C', tree, `O=${work}`, 'ARCH=x86', 'CC=gcc'];
      const request = buildRequest(undefined, mine);
      const needed = ['dm_mod'];
      await configure(await testWork(), { source: tree, build: work, request, make, needed });
      const config = await readFile(path.join(work, '.config'), 'utf8');
      expect(config).toContain('CONFIG_LOCALVERSION="-mine"\n');
      expect(config).toContain('CONFIG_HZ_1000=y\n');
      expect(config).toContain('CONFIG_BLK_DEV_DM=m\n');
      expect(config).toContain('CONFIG_USB_SUPPORT=y\n'); // no profile: base would switch it off
      expect(await readFile(mine, 'utf8')).toBe(text);
    }));

  it(
    'another commit builds what it changed; interrupted, the next run goes on; the tree is only read',
    () =>
      withTree(async (tree) => {
        await checkOut(tree, await commit(tree, 'dm builtin: an assertion'));
        const before = await listing(tree);
        // Something to be interrupted in: one folder of the build is lost.
        const block = path.join(build, 'block');
        const lost: string[] = [];
        for (const name of await readdir(block)) {
          if (!name.endsWith('.o')) continue;
          lost.push(`block/${name}`);
          await rm(path.join(block, name));
        }
        expect(lost.length).toBeGreaterThan(20);

        const run = dmrace(['kernel', 'build', `src:${tree}`]);
        const inBlock = async (): Promise<string[]> =>
          compiled(await log()).filter((name) => name.startsWith('block/'));
        await eventually(
          'five objects are at work',
          async () => {
            const count = (await inBlock().catch(() => [])).length;
            return count >= 5 && count < lost.length;
          },
          BUILD_TIMEOUT_MS,
        );
        run.kill('SIGINT');
        const interrupted = await run;
        expect(interrupted.exitCode, interrupted.stderr).toBe(130);
        const first = compiled(await log());

        const result = await dmrace(['kernel', 'build', `src:${tree}`]);
        expect(result.exitCode, result.stderr).toBe(0);
        const second = compiled(await log());

        const all = new Set([...first, ...second]);
        for (const name of lost) expect([...all]).toContain(name);
        // Twice only what the interrupt found at work.
        const twice = second.filter((name) => first.includes(name) && !OF_THE_LINK.test(name));
        expect(twice.length, twice.join()).toBeLessThanOrEqual(availableParallelism());
        const others = [...all].filter(
          (name) => !name.startsWith('block/') && !OF_THE_LINK.test(name),
        );
        expect(others.sort()).toEqual([
          'drivers/md/dm-builtin.o',
          'drivers/md/dm-sysfs.o',
          'drivers/md/dm-target.o',
        ]);
        expect(await listing(tree)).toBe(before);
      }),
    BUILD_TIMEOUT_MS,
  );

  it('an error of the compiler: its last lines, the log, and 125', () =>
    withTree(async (tree) => {
      await checkOut(tree, await commit(tree, BROKEN));
      const result = await dmrace(['kernel', 'build', `src:${tree}`]);
      expect(result.exitCode, result.stderr).toBe(125);
      expect(result.stderr).toContain('does not build (make: exit code 2); its last lines:');
      expect(result.stderr).toMatch(/dm-target\.c:\d+:\d+: error: .*dm_complain_about/);
      expect(result.stderr).toContain(path.join(build, 'dmrace-make.log'));
      expect(await log()).toContain('dm_complain_about');
    }));
});
