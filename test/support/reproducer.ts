// SPDX-License-Identifier: MIT
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { guestUserland } from '../../harness/initramfs/userland.js';
import type { Arch } from '../../harness/model/arch/index.js';
import type { MachineDisk } from '../../harness/ports.js';
import { qemuMachines } from '../../harness/qemu/machine.js';
import type { Reproducer } from '../../harness/reproducer/plan.js';
import { runTool } from '../../harness/util/command.js';
import { withinOrAborted } from '../../harness/util/deadline.js';
import { shell } from '../../harness/util/shell.js';
import { testWork } from './work.js';

/** A kernel that a reproducer is tried on. */
export interface TriedKernel {
  readonly arch: Arch;
  readonly image: string;
  /** uname -r. */
  readonly release: string;
  /** Uncompressed modules of it that may be loaded. */
  readonly modules: readonly string[];
  /** Where holder.ko is built against. */
  readonly headers: string;
  /**
   * Debian's programs and all modules on disks, as the audit's guests have them; without them the
   * system is busybox and dmsetup. `modules` are then those that the disks need, in order.
   */
  readonly disks?: readonly MachineDisk[];
}

/** What came of it. */
export interface Tried {
  readonly console: string;
  /** reproduce.sh's exit code; null when the machine ended before. */
  readonly exitCode: number | null;
}

/** What a person would do: an ordinary system of busybox and Debian's tools, as little as it takes. */
const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
export PATH=/sbin:/bin
cd /reproducer
./reproduce.sh "$(cat /tries)" </dev/null >/dev/console 2>&1
echo "reproducer ended: $?" >/dev/console
reboot -f
`;

/** The same on the audit's disks: Debian's programs in a root of their own. */
const DISK_INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /audit
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
export PATH=/sbin:/bin
for module in $(cat /order); do insmod "/modules/$module"; done
disk() {
	for serial in /sys/block/vd*/serial; do
		[ "$(cat "$serial")" = "$1" ] || continue
		node=\${serial%/serial}
		mount -t ext4 -o ro "/dev/\${node##*/}" "$2"
	done
}
disk dmrace-tools /audit
disk dmrace-modules /audit/lib/modules
mount -t proc proc /audit/proc
mount -t sysfs sysfs /audit/sys
mount -t devtmpfs devtmpfs /audit/dev
mount -t tmpfs tmpfs /audit/run
mount -t tmpfs tmpfs /audit/tmp
mv /sbin/modprobe /sbin/modprobe.busybox 2>/dev/null
printf '#!/bin/sh\nexec chroot /audit /sbin/modprobe "$@"\n' >/sbin/modprobe
chmod 755 /sbin/modprobe
cp -r /reproducer /audit/tmp/reproducer
busybox chroot /audit /bin/sh -c "cd /tmp/reproducer && PATH=/usr/sbin:/usr/bin:/sbin:/bin ./reproduce.sh $(cat /tries)" </dev/null >/dev/console 2>&1
echo "reproducer ended: $?" >/dev/console
reboot -f
`;

/** How long a guest has under TCG on a loaded machine. */
const DEADLINE_MS = 400_000;

/**
 * Builds a reproducer as its README says, and runs it in a guest: a fresh VM with one processor.
 * @param tries as given to reproduce.sh
 */
export async function tryReproducer(
  reproducer: Reproducer,
  kernel: TriedKernel,
  tries: number,
): Promise<Tried> {
  const work = await testWork({ arch: kernel.arch });
  const folder = await mkdtemp(path.join(tmpdir(), 'dmrace-reproducer-'));
  try {
    const root = path.join(folder, 'root');
    await cp(path.join(await guestUserland(work), 'root'), root, {
      recursive: true,
      verbatimSymlinks: true,
    });
    const own = path.join(root, 'reproducer');
    await mkdir(own);
    for (const [name, { text, executable }] of reproducer) {
      await writeFile(path.join(own, name), text, { mode: executable ? 0o755 : 0o644 });
    }
    if (reproducer.has('Makefile')) {
      await runTool('make', ['-C', own, `KDIR=${kernel.headers}`], { signal: work.signal });
    }
    const modules = path.join(root, 'lib/modules', kernel.release);
    await mkdir(modules, { recursive: true });
    for (const file of kernel.modules)
      await copyFile(file, path.join(modules, path.basename(file)));
    await runTool('depmod', ['-b', root, kernel.release]);
    if (kernel.disks) {
      await mkdir(path.join(root, 'modules'));
      const names = kernel.modules.map((file) => path.basename(file));
      for (const file of kernel.modules) {
        await copyFile(file, path.join(root, 'modules', path.basename(file)));
      }
      await writeFile(path.join(root, 'order'), `${names.join('\n')}\n`);
    }
    await writeFile(path.join(root, 'tries'), `${tries}\n`);
    await writeFile(path.join(root, 'init'), kernel.disks ? DISK_INIT : INIT);
    await chmod(path.join(root, 'init'), 0o755);
    const initramfs = path.join(folder, 'initramfs.cpio');
    await shell(root)`find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet >${initramfs}`;
    return await booted(kernel, initramfs, work.signal);
  } finally {
    await runTool('rm', ['-rf', folder]);
  }
}

async function booted(kernel: TriedKernel, initramfs: string, signal: AbortSignal): Promise<Tried> {
  await using machine = await qemuMachines.start(
    {
      arch: kernel.arch,
      accel: 'tcg',
      image: kernel.image,
      initramfs,
      parameters: ['panic=-1', ...(kernel.disks ? kernel.arch.kernel.auditParameters : [])],
      memoryMiB: kernel.disks ? 512 : 256,
      restoreFrom: null,
      deterministic: false,
      ...(kernel.disks ? { disks: kernel.disks } : {}),
    },
    signal,
  );
  let console = '';
  const said = new Promise<'said'>((resolve) => {
    machine.onData('console', (chunk) => {
      console += Buffer.from(chunk).toString();
      if (/reproducer ended: \d+\r?\n/.test(console)) resolve('said');
    });
  });
  await withinOrAborted(
    Promise.race([said, machine.ended.then(() => 'ended' as const)]),
    DEADLINE_MS,
    signal,
    { late: 'late', aborted: 'aborted' },
  );
  const code = /reproducer ended: (\d+)/.exec(console)?.[1];
  return { console, exitCode: code === undefined ? null : Number(code) };
}

/** The release that a kernel's headers are of. */
export const releaseOf = async (headers: string): Promise<string> =>
  (await readFile(path.join(headers, 'include/config/kernel.release'), 'utf8')).trim();
