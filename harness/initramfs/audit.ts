// SPDX-License-Identifier: MIT
import { chmod, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AuditKernel } from '../ports.js';
import { assets } from '../util/assets.js';
import { contentKey } from '../util/cache.js';
import { telling, type Work } from '../util/work.js';
import { guestProgram, pack } from './build.js';
import { guestUserland } from './userland.js';

const FOLDERS = ['audit', 'dev', 'etc', 'modules', 'proc', 'sbin', 'sys', 'tmp'];

/** The kernel starts modprobe in the root of its own threads, which is the initramfs. */
const MODPROBE = '#!/bin/sh\nexec /bin/busybox chroot /audit /sbin/modprobe "$@"\n';

/**
 * The initramfs of an audit's guests: what they need until their disks are mounted.
 * @param watch whether our module is loaded, which holds references and taints the kernel
 */
export async function buildAuditInitramfs(
  given: Work,
  kernel: AuditKernel,
  watch: boolean,
): Promise<string> {
  const work = telling(given, given.say);
  const userland = await guestUserland(work);
  const program = await guestProgram(work);
  const init = assets('vm/audit/init');
  const modules = [...kernel.portModules, ...(watch ? [kernel.auditModule] : [])];
  const conf = `WATCH=${watch ? 1 : 0}\n`;
  const contents = await Promise.all([init, program, ...modules].map((file) => readFile(file)));
  const names = modules.map((file) => path.basename(file));
  const key = contentKey([userland, conf, MODPROBE, names.join(), ...FOLDERS, ...contents]);
  const entry = await work.cache.entry('initramfs', key, async (directory) => {
    const root = path.join(directory, 'root');
    await cp(path.join(userland, 'root'), root, { recursive: true, verbatimSymlinks: true });
    for (const folder of FOLDERS) await mkdir(path.join(root, folder), { recursive: true });
    await copyFile(init, path.join(root, 'init'));
    await copyFile(program, path.join(root, 'bin/dmrace-guest'));
    for (const file of modules) {
      await copyFile(file, path.join(root, 'modules', path.basename(file)));
    }
    const first = kernel.portModules.map((file) => `${path.basename(file)}\n`).join('');
    await writeFile(path.join(root, 'modules/order'), first);
    await writeFile(path.join(root, 'etc/dmrace.conf'), conf);
    await writeFile(path.join(root, 'sbin/modprobe'), MODPROBE);
    for (const file of ['init', 'sbin/modprobe']) await chmod(path.join(root, file), 0o755);
    await pack(root, path.join(directory, 'initramfs.cpio'));
    await rm(root, { recursive: true });
    work.say(`built the initramfs of the audit${watch ? '' : ', untainted'}`);
  });
  return path.join(entry, 'initramfs.cpio');
}
