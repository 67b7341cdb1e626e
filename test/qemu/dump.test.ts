// SPDX-License-Identifier: MIT
// Dumps of real guests: that they are there, whole, sealed and readable. What crash and drgn make of
// them is in test/kernels/dump.test.ts.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpusIn, vmcoreinfoOf } from '../../harness/symbols/vmcore.js';
import { readVmcoreFile } from '../../harness/symbols/vmcore-file.js';
import { assets } from '../../harness/util/assets.js';
import { dmrace } from '../support/command.js';

/** A saved run, of which nothing is run again here. */
const FIXTURE = assets('test/fixtures/run-directories/planted');

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-dump-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

interface Sealed {
  readonly dump?: {
    readonly kept: boolean;
    readonly at?: string;
    readonly bytes?: number;
    readonly sha256?: string;
    readonly task?: { readonly pid: number; readonly pc: string; readonly sp: string };
  };
}
const sealed = async (run: string, trial: string): Promise<Sealed> =>
  JSON.parse(await readFile(path.join(run, trial, 'trial.json'), 'utf8'));

/** The dump of a run's control is there, as its trial and the manifest say, and is a vmcore. */
async function whole(run: string, arch: 'x86_64' | 'arm64') {
  const { dump } = await sealed(run, 'in-module-0');
  expect(dump).toMatchObject({ kept: true });
  const file = path.join(run, 'in-module-0', 'vmcore');
  expect((await stat(file)).size).toBe(dump?.bytes);
  const sums = await readFile(path.join(run, 'SHA256SUMS'), 'utf8');
  expect(sums).toContain(`${dump?.sha256}  in-module-0/vmcore\n`);
  const checked = String(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: run }));
  expect(checked).toMatch(/^in-module-0\/vmcore: OK$/m);
  const vmcore = await readVmcoreFile(file);
  const { kernel } = JSON.parse(await readFile(path.join(run, 'run.json'), 'utf8'));
  expect(vmcoreinfoOf(vmcore).get('OSRELEASE')).toBe(kernel.release);
  expect(cpusIn(vmcore, arch)).toHaveLength(1);
  // A foreign reader: binutils.
  const said = String(execFileSync('readelf', ['-hln', file]));
  expect(said).toMatch(/^ +Type: +CORE \(Core file\)$/m);
  expect(said).toMatch(/^ +VMCOREINFO +0x/m);
  return { dump, vmcore };
}

describe('dmrace run --dump', () => {
  it('keeps a vmcore of the task that crashed, at its death; the subject has none', async () => {
    const out = path.join(work, 'run');
    const run = await dmrace(['run', '--trials', '1', '--dump', '--accel', 'tcg', '--out', out]);
    expect(run.exitCode, run.stderr).toBe(0);
    const { dump, vmcore } = await whole(out, 'x86_64');
    expect(dump?.at).toBe('death');
    const [cpu] = cpusIn(vmcore, 'x86_64');
    expect(cpu?.pc.toString(16)).toBe(dump?.task?.pc);
    expect(run.stdout).toContain(`dump       ${out}/in-module-0/vmcore\n`);
    expect(run.stdout).toMatch(/^ {2}crash {4}crash -i \S+\/crash\.cmd \S+ \S+\/vmcore$/m);
    expect(run.stdout).toMatch(/^ {2}drgn {5}drgn -q -c \S+\/vmcore -s \S+ \S+\/drgn\.py$/m);
    expect(await sealed(out, 'builtin-0')).not.toHaveProperty('dump');
    const judged = await dmrace(['judge', out, '--format', 'json']);
    const { verdict, trials } = JSON.parse(judged.stdout);
    expect(verdict).toBe('closed');
    expect(trials.map((trial: Sealed) => trial.dump?.kept ?? false)).toContain(true);
  });

  it('of a guest whose bits are to be the same is taken at its end, and the bits are', async () => {
    const out = path.join(work, 'deterministic');
    const words = ['--deterministic', '--trials', '1', '--placement', 'in-module', '--dump'];
    const run = await dmrace(['run', ...words, '--out', out]);
    expect(run.exitCode, run.stderr).toBe(125);
    expect(run.stdout).toContain('run again: 1 of 1 identical (in-module-0)');
    const { dump } = await whole(out, 'x86_64');
    expect(dump).toMatchObject({ at: 'end' });
    const { end } = JSON.parse(await readFile(path.join(out, 'in-module-0/trial.json'), 'utf8'));
    expect(end).toEqual({ how: 'closing' });
  });
});

describe('dmrace replay --dump', () => {
  it('makes one of a trial that was recorded without', async () => {
    const recorded = path.join(work, 'recorded');
    const words = ['--trials', '1', '--placement', 'in-module', '--accel', 'tcg'];
    await dmrace(['run', ...words, '--out', recorded]);
    expect(await sealed(recorded, 'in-module-0')).not.toHaveProperty('dump');
    const before = await readFile(path.join(recorded, 'SHA256SUMS'), 'utf8');
    const out = path.join(work, 'replayed');
    const trial = ['--trial', 'in-module-0', '--dump', '--out', out];
    const replay = await dmrace(['replay', recorded, ...trial]);
    expect(replay.exitCode, replay.stderr).toBe(0);
    const { dump } = await whole(out, 'x86_64');
    expect(dump?.at).toBe('death');
    expect(replay.stdout).toContain(`dump       ${out}/in-module-0/vmcore\n`);
    expect(await readFile(path.join(recorded, 'SHA256SUMS'), 'utf8')).toBe(before);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'on a disk that is too small says so and is 128; the trial is compared all the same',
    async () => {
      const disk = path.join(work, 'disk');
      await mkdir(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'dmrace-test', disk]);
      try {
        const out = path.join(disk, 'out');
        const trial = ['--trial', 'in-module-0', '--dump', '--out', out];
        const replay = await dmrace(['replay', path.join(work, 'recorded'), ...trial]);
        expect(replay.exitCode, replay.stderr).toBe(128);
        expect(replay.stdout).toMatch(/^identical: 1 of 1 identical/);
        expect(replay.stdout).toMatch(
          /^no dump {4}of in-module-0: a dump takes 392 MiB while it is written, and \d+ are free in /m,
        );
        expect(replay.stderr).toMatch(/^dmrace: no dump: a dump takes 392 MiB/m);
        expect(await sealed(out, 'in-module-0')).toMatchObject({ dump: { kept: false } });
        expect(await readdir(path.join(out, 'in-module-0'))).not.toContain('vmcore');
        expect(await readdir(out)).not.toContain('dumping');
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it('with --gdb is wrong usage', async () => {
    const result = await dmrace(['replay', FIXTURE, '--gdb', '--dump']);
    expect(result.exitCode).toBe(129);
    expect(result.stderr).toContain('--gdb with --dump');
  });
});

const doctor = await dmrace(['doctor', '--arch', 'arm64']);
const lacks =
  doctor.exitCode === 0 ? '' : ' (skipped: dmrace doctor --arch arm64 lists what is missing)';
describe.skipIf(lacks !== '')(`the dump of an arm64 guest${lacks}`, () => {
  it('is readable and tells the task that crashed', async () => {
    const out = path.join(work, 'arm64');
    const words = ['--arch', 'arm64', '--trials', '1', '--placement', 'in-module', '--dump'];
    const run = await dmrace(['run', ...words, '--accel', 'tcg', '--out', out]);
    expect(run.exitCode, run.stderr).toBe(125);
    const { dump, vmcore } = await whole(out, 'arm64');
    expect(dump).toMatchObject({ at: 'death', task: { pid: expect.any(Number) } });
    expect(vmcore.machine).toBe(183);
  });
});
