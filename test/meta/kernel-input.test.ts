// SPDX-License-Identifier: MIT
// Kernels that are none, on the command line: what is said, and the exit code that git bisect reads.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dmrace } from '../support/command.js';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-input-'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

async function put(name: string, text = ''): Promise<void> {
  const file = path.join(work, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** As much of a kernel tree as is looked at before anything is built. */
async function tree(name: string): Promise<string> {
  await put(`${name}/Makefile`, 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n');
  for (const file of ['Kconfig', 'scripts/Kbuild.include', 'drivers/md/Makefile']) {
    await put(`${name}/${file}`);
  }
  await put(`${name}/drivers/md/dm-builtin.c`);
  return path.join(work, name);
}

const refused = async (args: string[], exitCode: number): Promise<string> => {
  const result = await dmrace(args);
  expect(result.exitCode, result.stderr).toBe(exitCode);
  expect(result.stderr).not.toMatch(/\n\s+at /);
  expect(result.stdout).toBe('');
  return result.stderr;
};

describe('a tree', () => {
  it('that is no kernel', async () => {
    await mkdir(path.join(work, 'empty'));
    const said = await refused(['run', '--kernel', `src:${work}/empty`], 129);
    expect(said).toContain('is not a kernel tree: it has no Makefile, Kconfig');
  });

  it('that was built in place', async () => {
    const built = await tree('built');
    await put('built/.config');
    const before = (await readdir(built, { recursive: true })).sort();
    const said = await refused(['run', '--kernel', `src:${built}`], 129);
    expect(said).toMatch(/was built in place: it holds \.config[\s\S]*mrproper/);
    expect((await readdir(built, { recursive: true })).sort()).toEqual(before);
  });

  it('whose path kbuild cannot take', async () => {
    const spaced = await tree('with space');
    const said = await refused(['kernel', 'build', `src:${spaced}`], 129);
    expect(said).toContain('spaces or colons');
  });

  it('older than the release method is for bisect to skip', async () => {
    const old = await tree('old');
    await rm(path.join(old, 'drivers/md/dm-builtin.c'));
    expect(await refused(['run', '--kernel', `src:${old}`], 125)).toContain('from 3.14 on');
  });
});

describe('a configuration', () => {
  it('that is no file, or no configuration', async () => {
    const whole = await tree('configured');
    await put('notes.txt', 'nothing of the kind\n');
    const build = ['kernel', 'build', `src:${whole}`, '--config'];
    expect(await refused([...build, `${work}/nowhere`], 129)).toContain('cannot be read');
    expect(await refused([...build, `${work}/notes.txt`], 129)).toContain(
      'no kernel configuration: no line of it sets a CONFIG_ option',
    );
  });
});

describe('image:', () => {
  it('with missing parts names them all', async () => {
    const spec = `image:${work}/vmlinux,modules=${work}/modules,build=${work}/build`;
    const said = await refused(['run', '--kernel', spec], 129);
    for (const part of ['vmlinux', 'modules', '.config', 'Module.symvers', 'kernel.release']) {
      expect(said).toContain(part);
    }
    expect(said).toContain('drivers/md/dm-builtin.c');
  });

  it('whose .config lacks what the race needs is inconclusive, with every option', async () => {
    await put('vmlinux');
    await put('modules/kernel/x');
    await put('build/.config', 'CONFIG_MODULES=y\nCONFIG_BLK_DEV_DM=y\nCONFIG_KALLSYMS=y\n');
    await put('build/Module.symvers');
    await put('build/include/config/kernel.release', '6.12.0\n');
    await put('build/drivers/md/dm-builtin.c');
    const spec = `image:${work}/vmlinux,modules=${work}/modules,build=${work}/build`;
    const said = await refused(['run', '--kernel', spec], 125);
    for (const lack of [
      'CONFIG_BLK_DEV_DM is y',
      'neither PREEMPT nor PREEMPT_DYNAMIC',
      'CONFIG_MODULE_UNLOAD is not set',
      'CONFIG_KPROBE_EVENTS is not set',
    ]) {
      expect(said).toContain(lack);
    }
  });

  it('without its folders is wrong usage', async () => {
    expect(await refused(['run', '--kernel', `image:${work}/vmlinux`], 129)).toContain(
      'modules=DIR',
    );
  });
});

describe('Debian', () => {
  it('a flavour that the suite has no image of', async () => {
    const said = await refused(['kernel', 'fetch', 'debian:bookworm/nonsense'], 128);
    expect(said).toContain('no linux-image -nonsense in bookworm');
  });
});
