// SPDX-License-Identifier: MIT
//
// The disks of an audit's guests: read-only ext4 images in the cache, given to QEMU as virtio-blk
// with a serial each (`-device virtio-blk-pci,drive=…,serial=SERIAL`, `readonly=on`). The guest finds
// them by /sys/block/vd?/serial, since their order is not the same on all machines:
//
//	mount -t ext4 -o ro /dev/vdX /audit			serial dmrace-tools
//	mount -t ext4 -o ro /dev/vdY /audit/lib/modules		serial dmrace-modules
//	mount -t ext4 -o ro /dev/vdZ /audit/extra		serial dmrace-extra, where there is one
//	mount -t proc|sysfs|devtmpfs … /audit/proc /audit/sys /audit/dev	(or mount --bind)
//	mount -t tmpfs tmpfs /audit/run; the same for /audit/tmp
//	chroot /audit /sbin/modprobe configfs: where it is a module, its mount point comes with it
//	mount -t debugfs, tracefs, configfs, bpf below /audit/sys where the kernel has them
//	chroot /audit, with PATH=/usr/sbin:/usr/bin:/sbin:/bin; commands of exercises start in /tmp
//
// The kernel starts modprobe by itself (request_module()) in the root of its own threads. That is the
// initramfs unless PID 1 itself has changed its root, so there has to be a
// `/sbin/modprobe`: `#!/bin/sh` and `exec chroot /audit /sbin/modprobe "$@"`.
//
// modprobe in there knows the extra modules too: /etc/modprobe.d leads to the extra disk.
import {
  cp,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import type { Work } from '../util/work.js';
import { toolsDisk } from './audit-tools.js';
import { ext4Image } from './ext4-image.js';

/** Raised when the images are made differently of the same modules. */
const LAYOUT = '1';

/** A read-only image, and by what the guest knows it. */
export interface Disk {
  readonly image: string;
  readonly serial: 'dmrace-tools' | 'dmrace-modules' | 'dmrace-extra';
}

/** What an audit's guests have beside their initramfs. */
export interface AuditDisks {
  /** In the order in which they are mounted. */
  readonly disks: readonly Disk[];
  /** Names of all programs that commands of exercises find. */
  readonly programs: ReadonlySet<string>;
}

/** Whose modules the disks hold. */
export interface DiskKernel {
  /** uname -r. */
  readonly release: string;
  /** Its /lib/modules/RELEASE, compressed or not, with modules.dep or without. */
  readonly modules: string;
  /** A developer's own .ko files, uncompressed, built for this kernel. */
  readonly extra: readonly string[];
}

/** Modules that the guest has to have before it can mount the disks, besides those of its ports. */
export const DISK_MODULES = ['virtio_blk', 'ext4'] as const;

/**
 * The disks of a kernel: Debian's tools, all its modules with what depmod says of them, and the extra
 * ones. Nothing is mounted and nothing installed.
 * @throws DmraceError (environment) when one cannot be made; (inconclusive) for a kernel without
 *   modules; AbortError after an interrupt.
 */
export async function auditDisks(work: Work, kernel: DiskKernel): Promise<AuditDisks> {
  const tools = await toolsDisk(work);
  const modules = await modulesDisk(work, kernel);
  const extra = kernel.extra.length === 0 ? [] : [await extraDisk(work, kernel.extra)];
  return {
    disks: [{ image: tools.image, serial: 'dmrace-tools' }, modules, ...extra],
    programs: tools.programs,
  };
}

const COMPRESSED: Readonly<Record<string, string>> = {
  '.xz': 'xz -d -T1',
  '.zst': 'zstd -d -q --rm',
  '.gz': 'gzip -d',
};

const UNPACK = 'set -eo pipefail; find . -name "*.ko$1" -print0 | xargs -0 -n 64 -P 2 $2';

/** Names, sizes and times of a kernel's modules: what a rebuilt kernel differs by. */
async function fingerprint(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const files = names.filter((name) => /\.ko(?:\.\w+)?$|^modules\.(?:builtin|order)/.test(name));
  return Promise.all(
    files.map(async (name) => {
      const { size, mtimeMs } = await stat(path.join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    }),
  );
}

/**
 * Uncompressed, because a guest under TCG is slow at unpacking them; depmod here, because Debian's
 * packages leave it to their maintainer scripts.
 */
async function modulesDisk(work: Work, { release, modules }: DiskKernel): Promise<Disk> {
  const files = await fingerprint(modules).catch(() => []);
  if (!files.some((name) => /\.ko/.test(name))) {
    throw new DmraceError('inconclusive', {
      observed: `the kernel ${release} has no modules`,
      artefact: modules,
      action: 'audit a kernel whose drivers are modules',
    });
  }
  const key = `modules_${release}_${contentKey([LAYOUT, release, ...files])}`;
  const entry = await work.cache.entry('disk', key, async (directory) => {
    const started = Date.now();
    const root = path.join(directory, 'root');
    const target = path.join(root, release);
    await cp(await realpath(modules), target, {
      recursive: true,
      // Links to the sources and the build tree of an installed kernel.
      filter: (source) => !/\/(?:build|source)$/.test(source),
    });
    for (const [suffix, tool] of Object.entries(COMPRESSED)) {
      if (!files.some((name) => name.includes(`.ko${suffix} `))) continue;
      await runTool('bash', ['-c', UNPACK, 'bash', suffix, tool], {
        cwd: root,
        signal: work.signal,
      });
    }
    // depmod looks for lib/modules/RELEASE below its base folder.
    const base = path.join(directory, 'base');
    await mkdir(path.join(base, 'lib'), { recursive: true });
    await symlink(root, path.join(base, 'lib/modules'));
    await runTool('depmod', ['-b', base, release], { signal: work.signal });
    const image = path.join(directory, 'modules.ext4');
    await ext4Image(root, image, work.signal);
    for (const rest of [root, base, `${image}.debugfs`]) await rm(rest, { recursive: true });
    work.say(
      `made the disk of ${release}’s modules in ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
  });
  return { image: path.join(entry, 'modules.ext4'), serial: 'dmrace-modules' };
}

const moduleName = (file: string): string => path.basename(file, '.ko').replaceAll('-', '_');

/**
 * A small disk for modules that are not the kernel's: NAME.ko and a modprobe.d by which modprobe loads
 * what they need first, so that the kernel's own disk need not be made again for each.
 * @throws DmraceError (usage) for a file that is no module; (environment).
 */
async function extraDisk(work: Work, extra: readonly string[]): Promise<Disk> {
  const texts = await Promise.all(extra.map((file) => readFile(file)));
  const names = extra.map(moduleName);
  const entry = await work.cache.entry(
    'disk',
    `extra_${contentKey([LAYOUT, names.join(), ...texts])}`,
    async (directory) => {
      const root = path.join(directory, 'root');
      await mkdir(path.join(root, 'modprobe.d'), { recursive: true });
      const lines: string[] = [];
      for (const file of extra) {
        const name = moduleName(file);
        await cp(file, path.join(root, `${name}.ko`));
        lines.push(installLine(name, await needsOf(file)));
      }
      await writeFile(path.join(root, 'modprobe.d/extra.conf'), lines.join(''));
      const image = path.join(directory, 'extra.ext4');
      await ext4Image(root, image, work.signal);
      for (const rest of [root, `${image}.debugfs`]) await rm(rest, { recursive: true });
    },
  );
  return { image: path.join(entry, 'extra.ext4'), serial: 'dmrace-extra' };
}

async function needsOf(file: string): Promise<string[]> {
  const said = await runTool('modinfo', ['-F', 'depends', file]).catch(() => {
    throw new DmraceError('usage', {
      observed: `${file} is no kernel module that modinfo can read`,
      artefact: file,
      action: 'name a .ko file that was built for this kernel',
    });
  });
  return said.trim().split(',').filter(Boolean);
}

/** See modprobe.d(5). Exported for its test. */
export function installLine(name: string, needs: readonly string[]): string {
  const first = needs.length === 0 ? '' : `/sbin/modprobe -a ${needs.join(' ')} && `;
  return `install ${name} ${first}/sbin/insmod /extra/${name}.ko $CMDLINE_OPTS\n`;
}
