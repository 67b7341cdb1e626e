// SPDX-License-Identifier: MIT
// A real gdb at a guest that dmrace replay stopped.
import { access, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dmrace, qemusWith } from '../support/command.js';
import { debug, without } from '../support/gdb.js';

const absent = await without('gdb');

let work: string;
let recorded: string;
beforeAll(async () => {
  if (absent !== '') return;
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
  recorded = path.join(work, 'recorded');
  const run = await dmrace(['run', '--trials', '1', '--out', recorded]);
  expect(run.exitCode, run.stderr).toBe(0);
});
afterAll(async () => {
  if (work) await rm(work, { recursive: true, force: true });
});

/** {@link debug} of a recorded run, with a folder of this name. */
async function debugged(
  name: string,
  args: readonly string[],
  commands: readonly string[],
  run = recorded,
) {
  const out = path.join(work, name);
  return { ...(await debug(run, out, args, commands)), out };
}

/** A copy of the recorded run in whose control modules lay 1 MiB higher, as in another boot. */
async function recordedElsewhere(): Promise<string> {
  const copy = path.join(work, 'elsewhere');
  await cp(recorded, copy, { recursive: true });
  for (const name of ['console.log', 'records.jsonl', 'ready-records.jsonl', 'trace.txt']) {
    const file = path.join(copy, 'in-module-0', name);
    const text = await readFile(file, 'latin1');
    const shifted = text.replaceAll(/ffffffffc0[0-9a-f]{6}/g, (address) =>
      (BigInt(`0x${address}`) + 0x10_0000n).toString(16),
    );
    expect(shifted, name).not.toBe(text);
    await writeFile(file, shifted, 'latin1');
  }
  return copy;
}

/** The trial's QEMU, by the folder of its sockets, is no more. */
async function gone(out: string, trial: string): Promise<void> {
  const argv = await readFile(path.join(out, trial, 'qemu.argv'), 'utf8');
  const [, sockets] = /path=(\S*\/dmrace-[^/]+)\//.exec(argv) ?? [];
  if (sockets === undefined) throw new Error(`no sockets in ${argv}`);
  expect(await qemusWith(sockets)).toEqual([]);
}

describe.skipIf(absent !== '')(`dmrace replay --gdb ${absent}`, () => {
  it('stands at the crash, in the unloaded method; detached, the trial goes on to crash', async () => {
    const { gdb, stdout, exitCode, out } = await debugged(
      'crash',
      [],
      ['info registers rip', 'info symbol $pc', 'x/i $pc', 'detach'],
    );
    expect(gdb).toMatch(/^rip +0x[0-9a-f]+ +0x[0-9a-f]+ <dm_kobject_release\+\d+>$/m);
    expect(gdb).toMatch(/dm_kobject_release \+ \d+ in section \.text of .*dm-mod/);
    expect(gdb).toMatch(/Cannot access memory at address/); // the module is gone
    expect(stdout).toMatch(/^in-module-0 stands at the crash, dm_kobject_release/m);
    expect(stdout).toMatch(/^in-module-0: it ended as crashed$/m);
    expect(exitCode).toBe(0);
    await gone(out, 'in-module-0');
    const script = await readFile(path.join(out, 'gdb', 'attach.gdb'), 'utf8');
    const [, socket = ''] = /^target remote (\S+)$/m.exec(script) ?? [];
    await expect(access(path.dirname(socket))).rejects.toThrow(/ENOENT/);
  });

  it('stands at the crash where the saved guest has it now, not where the recorded one had it', async () => {
    const run = await recordedElsewhere();
    const { gdb, stdout, exitCode } = await debugged(
      'moved',
      [],
      ['info symbol $pc', 'detach'],
      run,
    );
    expect(gdb).toMatch(/dm_kobject_release \+ \d+ in section \.text of .*dm-mod/);
    const [, now = '', then = ''] =
      /dm_mod lies at (0x\w+), in the recorded trial at (0x\w+)/.exec(stdout) ?? [];
    expect(BigInt(then) - BigInt(now), stdout).toBe(0x10_0000n);
    expect(stdout).toMatch(/^in-module-0: it ended as crashed$/m);
    expect(exitCode).toBe(0);
  });

  it('stands at step 6 in vmlinux; quitting gdb ends the machine', async () => {
    const { gdb, stdout, exitCode, out } = await debugged(
      'step',
      ['--trial', 'builtin-0', '--break', '6'],
      ['info symbol $pc', 'kill'],
    );
    expect(gdb).toMatch(/^dm_kobject_release in section \.text of .*symbols\.elf/m);
    expect(stdout).toMatch(/^builtin-0: its machine was ended$/m);
    expect(exitCode).toBe(0);
    await gone(out, 'builtin-0');
  });

  it('without a crash to stop at is wrong usage', async () => {
    const result = await dmrace(['replay', recorded, '--gdb', '--trial', 'builtin-0']);
    expect(result.exitCode).toBe(129);
    expect(result.stderr).toContain('none of these trials crashed');
  });
});
