// SPDX-License-Identifier: MIT
// What goes wrong around the guest: interrupts, kills, full disks, wrong words.
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dmrace, eventually, qemusWith } from '../support/command.js';
import { guestSpec } from '../support/guest.js';

let work: string;
let initramfs: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
  initramfs = (await guestSpec('builtin')).initramfs;
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

const builtinRun = (out: string): string[] => [
  'run',
  '--placement',
  'builtin',
  '--trials',
  '2',
  '--jobs',
  '1',
  '--accel',
  'tcg',
  '--out',
  out,
];

describe('no QEMU is left running', () => {
  it('after kill -9 of the harness', async () => {
    const run = dmrace(builtinRun(path.join(work, 'killed')));
    await eventually('a QEMU runs', async () => (await qemusWith(initramfs)).length > 0);
    run.kill('SIGKILL');
    await run;
    await eventually('QEMU is gone', async () => (await qemusWith(initramfs)).length === 0, 5_000);
  });

  it('after Ctrl-C, with exit code 130', async () => {
    const run = dmrace(builtinRun(path.join(work, 'interrupted')));
    await eventually('a QEMU runs', async () => (await qemusWith(initramfs)).length > 0);
    run.kill('SIGINT');
    const result = await run;
    expect(result.exitCode).toBe(130);
    expect(await qemusWith(initramfs)).toEqual([]);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('a disk that fills', () => {
  it('ends the run with 128 and names the file', async (context) => {
    const small = path.join(work, 'small');
    await mkdir(small);
    const mounted = await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small], {
      reject: false,
    });
    if (mounted.failed) context.skip(`cannot mount a tmpfs here: ${mounted.stderr}`);
    try {
      const result = await dmrace(builtinRun(path.join(small, 'run')));
      expect(result.exitCode).toBe(128);
      expect(result.stderr).toContain('no space left while writing');
      expect(result.stderr).toContain(small);
      expect(await qemusWith(initramfs)).toEqual([]);
    } finally {
      await execa('umount', [small]);
    }
  });
});

describe('wrong words', () => {
  it.each([
    [['run', '--kernel', 'windows'], '--kernel windows'],
    [['run', '--kernel', 'debian:potato'], 'potato'],
    [['run', '--scenario', 'nonsense'], '--scenario nonsense'],
    [['run', '--trials', '0'], '--trials'],
    [['run', '--trials', 'many'], '--trials'],
    [['run', '--placement', 'outside'], '--placement'],
    [['run', '--frobnicate'], '--frobnicate'],
    [['frobnicate'], 'frobnicate'],
  ])('%j is exit code 129 and says why', async (args, said) => {
    const result = await dmrace(args);
    expect(result.exitCode).toBe(129);
    expect(result.stderr).toContain(said);
    expect(result.stderr).not.toMatch(/\n\s+at /);
    expect(result.stdout).toBe('');
  });

  it('a bad variable is named as one', async () => {
    const result = await dmrace(['run'], { DMRACE_TRIALS: 'x' });
    expect(result.exitCode).toBe(129);
    expect(result.stderr).toContain('DMRACE_TRIALS');
  });

  it('a folder that is not a run', async () => {
    const result = await dmrace(['judge', work]);
    expect(result.exitCode).toBe(129);
    expect(result.stderr).toContain('run.json');
  });

  it('a folder that holds something is not overwritten', async () => {
    const out = path.join(work, 'full');
    await mkdir(out);
    await writeFile(path.join(out, 'precious'), 'x');
    const result = await dmrace(builtinRun(out));
    expect(result.exitCode).toBe(129);
    expect(await readdir(out)).toEqual(['precious']);
  });
});

describe('an environment that lacks something', () => {
  it('a cache that cannot be written', async () => {
    const file = path.join(work, 'file');
    await writeFile(file, '');
    await chmod(file, 0o400);
    const result = await dmrace(['run'], { DMRACE_CACHE_DIR: path.join(file, 'cache') });
    expect(result.exitCode).toBe(128);
    expect(result.stderr).toContain('DMRACE_CACHE_DIR');
  });

  it('missing tools are all named at once, with the command that mends it', async () => {
    const result = await dmrace(['run'], { PATH: work });
    // /usr/sbin and /sbin are looked through too; QEMU, gcc and make are in neither.
    expect(result.exitCode).toBe(128);
    for (const word of ['qemu-system-x86_64', 'gcc', 'make', 'cpio', 'apt-get install']) {
      expect(result.stderr).toContain(word);
    }
  });
});
