// SPDX-License-Identifier: MIT
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';

/** The built program. */
export const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js');

/** Starts the built command, here and never in a container; never rejects. */
export const dmrace = (args: readonly string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [MAIN, ...args], {
    reject: false,
    env: { DMRACE_DOCKER: 'never', ...env },
    maxBuffer: 64 << 20,
  });

/** QEMU under the version 7.2.99, in a new folder. Returns the environment that has it found first. */
export async function otherQemu(bin: string): Promise<{ PATH: string }> {
  await mkdir(bin);
  const qemu = path.join(bin, 'qemu-system-x86_64');
  await writeFile(
    qemu,
    `#!/bin/sh\n[ "$1" != --version ] || { echo 'QEMU emulator version 7.2.99'; exit; }\nexec /usr/bin/qemu-system-x86_64 "$@"\n`,
  );
  await chmod(qemu, 0o755);
  return { PATH: `${bin}:${process.env.PATH}` };
}

/** Pids of all QEMUs whose command line mentions `text`. */
export async function qemusWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return line.includes('qemu-system') && line.includes(text) ? pid : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}

/** Asks again and again until it is so. @throws Error at the deadline. */
export async function eventually(
  what: string,
  test: () => Promise<boolean>,
  deadlineMs = 60_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Pids of the QEMUs that a process has started: setpriv becomes QEMU, so they are its children. */
export async function qemusOf(parent: number | undefined): Promise<number[]> {
  const found = await Promise.all(
    (await qemusWith('')).map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const [, above] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(above) === parent ? pid : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}
