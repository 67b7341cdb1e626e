// SPDX-License-Identifier: MIT
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { guestUserland } from '../../harness/initramfs/userland.js';
import { ARCH } from '../../harness/model/arch/index.js';
import type { PreparedKernel } from '../../harness/ports.js';
import { openCache } from '../../harness/util/cache.js';
import { say } from './rig.js';
import { type Ended, ended } from './virtme.js';

/** What somebody without a harness writes: an init that runs one command and reboots. */
const init = (command: string): string => `#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
${command}
echo "exit code $?"
reboot -f
`;

/** An initramfs of busybox, the modules and one command. */
export async function rawInitramfs(
  work: string,
  kernel: PreparedKernel,
  name: string,
  command: string,
): Promise<string> {
  const userland = await guestUserland({
    cache: await openCache(),
    arch: ARCH.x86_64,
    say,
    signal: new AbortController().signal,
  });
  const root = path.join(work, name);
  await cp(path.join(userland, 'root'), root, { recursive: true, verbatimSymlinks: true });
  for (const folder of ['dev', 'proc', 'sys', 'modules']) {
    await mkdir(path.join(root, folder), { recursive: true });
  }
  await cp(kernel.objects.builtin, path.join(root, 'modules/dm-mod.ko'));
  await cp(kernel.helper, path.join(root, 'modules/dmrace_helper.ko'));
  await writeFile(path.join(root, 'init'), init(command));
  await chmod(path.join(root, 'init'), 0o755);
  const archive = path.join(work, `${name}.cpio`);
  await execa('sh', ['-c', `find . | cpio -o -H newc --quiet >'${archive}'`], { cwd: root });
  return archive;
}

/** Boots it with the console on stdout, until QEMU ends. */
export const runRaw = (image: string, initramfs: string, timeoutMs: number): Promise<Ended> =>
  ended(
    'qemu-system-x86_64',
    ['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio', '-accel', 'tcg'].concat(
      ['-m', '512M', '-kernel', image, '-initrd', initramfs],
      ['-append', 'console=ttyS0 panic=-1 quiet'],
    ),
    timeoutMs,
  );
