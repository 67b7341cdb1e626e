// SPDX-License-Identifier: GPL-2.0-only
// A real gdb at a guest that dmrace replay stopped.
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dmrace, eventually, qemusWith } from '../support/command.js';

const without = await execa('gdb', ['--version']).then(
  () => '',
  () => 'no gdb: apt-get install gdb',
);

let work: string;
let recorded: string;
beforeAll(async () => {
  if (without !== '') return;
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
  recorded = path.join(work, 'recorded');
  const run = await dmrace(['run', '--trials', '1', '--out', recorded]);
  expect(run.exitCode, run.stderr).toBe(0);
});
afterAll(async () => {
  if (work) await rm(work, { recursive: true, force: true });
});

/** Stops a trial, has gdb attach and do what is given, and waits for the end of both. */
async function debug(name: string, args: readonly string[], commands: readonly string[]) {
  const out = path.join(work, name);
  const replay = dmrace(['replay', recorded, '--gdb', '--out', out, '--quiet', ...args]);
  let said = '';
  replay.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  let ended = false;
  void replay.then(() => {
    ended = true;
  });
  await eventually('the guest stands', async () => ended || said.includes('attach with'), 240_000);
  const [, script = ''] = /gdb -q -x (\S+)/.exec(said) ?? [];
  const run = async () => {
    const words = commands.flatMap((command) => ['-ex', command]);
    return execa('gdb', ['-q', '-batch', '-x', script, ...words], { reject: false });
  };
  const gdb = ended ? null : await run();
  const result = await replay;
  expect(gdb, result.stdout + result.stderr).not.toBeNull();
  return { ...result, gdb: `${gdb?.stdout}\n${gdb?.stderr}`, out };
}

/** The trial's QEMU, by the folder of its sockets, is no more. */
async function gone(out: string, trial: string): Promise<void> {
  const argv = await readFile(path.join(out, trial, 'qemu.argv'), 'utf8');
  const [, sockets] = /path=(\S*\/dmrace-[^/]+)\//.exec(argv) ?? [];
  if (sockets === undefined) throw new Error(`no sockets in ${argv}`);
  expect(await qemusWith(sockets)).toEqual([]);
}

describe.skipIf(without !== '')(`dmrace replay --gdb ${without}`, () => {
  it('stands at the crash, in the unloaded method; detached, the trial goes on to crash', async () => {
    const { gdb, stdout, exitCode, out } = await debug(
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

  it('stands at step 6 in vmlinux; quitting gdb ends the machine', async () => {
    const { gdb, stdout, exitCode, out } = await debug(
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
