// SPDX-License-Identifier: MIT
// Debian's crash and drgn at dumps of real guests, with the vmlinux of Debian's -dbg package (283 MB,
// once), and the profile that builds one.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configure } from '../../harness/kernel/configure.js';
import { fetchSource } from '../../harness/kernel/sources.js';
import { buildRequest } from '../../harness/model/kernel-profile.js';
import { dmrace } from '../support/command.js';
import { without } from '../support/gdb.js';
import { noKernelBuilds } from '../support/kernel/built.js';
import { testWork } from '../support/work.js';

const absent = [
  await without('crash'),
  (await without('drgn')).replaceAll('get install drgn', 'get install python3-drgn'),
].filter(Boolean);

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-dump-'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

const Result = z.looseObject({
  findings: z.array(z.looseObject({ address: z.string(), resolved: z.string() })).min(1),
});
/** The crash of a run's control, as its own files tell it. */
const crashIn = async (run: string) => {
  const text = await readFile(path.join(run, 'in-module-0', 'result.json'), 'utf8');
  const [first] = Result.parse(JSON.parse(text)).findings;
  if (!first) throw new Error('no crash');
  return first;
};

/** The command line of a debugger that an end screen shows. */
function shown(stdout: string, debuggerName: 'crash' | 'drgn'): string[] {
  const [, line] =
    new RegExp(`^ {2}${debuggerName} +(${debuggerName} .*)$`, 'm').exec(stdout) ?? [];
  if (line === undefined) throw new Error(`no ${debuggerName} in ${stdout}`);
  expect(line).not.toContain('VMLINUX');
  return line.split(' ');
}

async function runs([tool = '', ...words]: readonly string[], input = ''): Promise<string> {
  const done = await execa(tool, words, { reject: false, input, all: true, timeout: 300_000 });
  expect(done.exitCode, done.all).toBe(0);
  return done.all ?? '';
}

/** The holder's stack, from the syscall over the put into the method that is gone. */
const STACK = ['kobject_put', 'helper_ioctl', '__x64_sys_ioctl', 'do_syscall_64'];

/** Whether these names come in this order. */
const inOrder = (text: string, names: readonly string[]): boolean =>
  names.reduce((at, name) => (at < 0 ? -1 : text.indexOf(name, at)), 0) >= 0;

describe.skipIf(absent.length > 0)(`crash and drgn ${absent.join('; ')}`, () => {
  let screen: string;
  let run: string;
  beforeAll(async () => {
    const fetched = await dmrace(['kernel', 'fetch', '--vmlinux', 'debian']);
    expect(fetched.exitCode, fetched.stderr).toBe(0);
    run = path.join(work, 'run');
    const words = ['--trials', '1', '--placement', 'in-module', '--accel', 'tcg', '--dump'];
    const done = await dmrace(['run', ...words, '--out', run]);
    expect(done.exitCode, done.stderr).toBe(125); // the subject was not asked
    screen = done.stdout;
  }, 1_800_000);

  it('crash shows the holder, its stack, and names the address that was unloaded', async () => {
    const { address } = await crashIn(run);
    const [tool = '', ...words] = shown(screen, 'crash');
    const said = await runs([tool, '-s', ...words], 'exit\n');
    expect(said).toMatch(/^PID: \d+ +TASK: [0-9a-f]{16} +CPU: 0 +COMMAND: "dmrace-guest"$/m);
    // bt itself shows them when the stack was aligned to 16 bytes there.
    expect(said).toMatch(new RegExp(`^ +ip = 0x${address},$`, 'm'));
    expect(inOrder(said, ['asm_exc_page_fault', ...STACK]), said).toBe(true);
    expect(said).toMatch(
      /^dm_kobject_release \+ \d+ in section \.text of \S*\/dm-mod\.debug\.ko$/m,
    );
  });

  it('drgn shows the same, by the dump alone and by the script', async () => {
    const { resolved } = await crashIn(run);
    const said = await runs(shown(screen, 'drgn'));
    expect(said).toMatch(/^dmrace-guest \(pid \d+\)$/m);
    expect(inOrder(said, ['oops_end', resolved, ...STACK]), said).toBe(true);
    expect(resolved).toMatch(/^dm_kobject_release\+0x\w+ \[unloaded dm_mod\]$/);
    // What a user types at drgn's prompt: nothing of the script's.
    const script = path.join(work, 'own.py');
    await writeFile(
      script,
      `from drgn.helpers.linux.pid import for_each_task
print(sorted({t.comm.string_().decode() for t in for_each_task(prog)}))
print(prog['init_uts_ns'].name.release.string_().decode())
`,
    );
    const own = await runs([...shown(screen, 'drgn').slice(0, -1), script]);
    expect(own).toContain("'dmrace-guest'");
    expect(own).toContain("'kthreadd'");
    const { kernel } = JSON.parse(await readFile(path.join(run, 'run.json'), 'utf8'));
    expect(own.trim().split('\n').at(-1)).toBe(kernel.release);
  });

  it('a guest that booted, because none could be saved, is dumped as well', async () => {
    const bin = path.join(work, 'bin');
    await mkdir(bin);
    const qemu = path.join(bin, 'qemu-system-x86_64');
    // Of a version of its own, for which no guest is saved; and none can be.
    await writeFile(
      qemu,
      `#!/bin/sh
[ "$1" != --version ] || { echo 'QEMU emulator version 7.2.98'; exit; }
case "$*" in *share=on*) echo 'no such backend' >&2; exit 1;; esac
exec /usr/bin/qemu-system-x86_64 "$@"
`,
    );
    await chmod(qemu, 0o755);
    const booted = path.join(work, 'booted');
    const words = ['--trials', '1', '--placement', 'in-module', '--accel', 'tcg', '--dump'];
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const done = await dmrace(['run', ...words, '--out', booted], env);
    expect(done.stderr).toContain('trials boot their VMs');
    const note = JSON.parse(await readFile(path.join(booted, 'in-module-0/trial.json'), 'utf8'));
    expect(note).toMatchObject({ start: 'booted', dump: { kept: true, at: 'death' } });
    const { resolved } = await crashIn(booted);
    const said = await runs(shown(done.stdout, 'drgn'));
    expect(inOrder(said, [resolved, ...STACK]), said).toBe(true);
  });
});

const noBuild = await noKernelBuilds();
describe.skipIf(noBuild !== '')(`profile debug-info${noBuild && ` (skipped: ${noBuild})`}`, () => {
  it.each(['debian', 'debian:6.12'])('configures %s with DWARF and vmcoreinfo', async (spec) => {
    const arch = await testWork();
    const tree = await fetchSource(arch, spec);
    const build = await mkdtemp(path.join(work, 'build-'));
    const lines: string[] = [];
    const make = ['-C', tree, `O=${build}`, 'ARCH=x86', 'CC=gcc'];
    const request = buildRequest('base,debug-info', undefined);
    const telling = { ...arch, say: (line: string) => void lines.push(line) };
    await configure(telling, { source: tree, build, request, make, needed: [] });
    const config = await readFile(path.join(build, '.config'), 'utf8');
    expect(config).toContain('CONFIG_DEBUG_INFO=y\n');
    expect(config).toMatch(/^CONFIG_(CRASH_CORE|VMCORE_INFO)=y$/m);
    const mine = lines.filter((line) => /DEBUG_INFO|KCORE/.test(line));
    expect(mine).toEqual([]);
  });
});
