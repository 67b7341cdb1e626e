// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { DebianArchive } from '../debian/archive.js';
import { DmraceError } from '../model/errors.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import type { Work } from '../util/work.js';

/** The suite of the guest's programs: one for all kernels, so a trial differs by its kernel only. */
const SUITE = 'bookworm';

/** busybox as shell, and the real dmsetup with every package that its libraries come from. */
const PACKAGES = [
  'busybox-static',
  'dmsetup',
  'libdevmapper1.02.1',
  'libudev1',
  'libselinux1',
  'libpcre2-8-0',
  'libc6',
];

/** Names of the shared libraries that an ELF file needs (readelf -d, tag NEEDED). */
async function needed(file: string): Promise<string[]> {
  const dynamic = await runTool('readelf', ['-d', file]);
  return [...dynamic.matchAll(/\(NEEDED\)\s+Shared library: \[(.+)\]/g)].map((m) => m[1] ?? '');
}

/** Copies a library and what it needs into `target`, from anywhere below `root`. */
async function copyLibraries(
  root: string,
  files: ReadonlyMap<string, string>,
  program: string,
  target: string,
  done: Set<string>,
): Promise<void> {
  for (const name of await needed(program)) {
    if (done.has(name)) continue;
    done.add(name);
    const file = files.get(name);
    if (file === undefined) {
      throw new DmraceError('environment', {
        observed: `${path.relative(root, program)} needs ${name}, which no package of the guest has`,
        artefact: root,
        action: 'add its package to harness/initramfs/userland.ts',
      });
    }
    await copyFile(file, path.join(target, name));
    await copyLibraries(root, files, file, target, done);
  }
}

/** Downloads the packages of {@link guestUserland}. */
export async function fetchUserland(work: Work): Promise<void> {
  const archive = new DebianArchive(work, SUITE);
  await archive.refresh();
  await archive.fetch(await archive.require(PACKAGES));
}

/** A root folder with the guest's programs from Debian's packages: bin, sbin, lib, lib64. */
export async function guestUserland(work: Work): Promise<string> {
  const { cache, arch } = work;
  const archive = new DebianArchive(work, SUITE);
  await archive.refresh();
  const packages = await archive.require(PACKAGES);
  const versions = packages.map((pack) => `${pack.name}=${pack.version}`);
  const key = contentKey([arch.name, ...versions, ...APPLETS]);
  return cache.entry('userland', key, async (directory) => {
    const unpacked = path.join(directory, 'packages');
    await archive.unpack(packages, unpacked);
    const all = await readdir(unpacked, { recursive: true });
    const files = new Map(
      all
        .filter((f) => /\.so(\.|$)/.test(f))
        .map((f) => [path.basename(f), path.join(unpacked, f)]),
    );
    const root = path.join(directory, 'root');
    const libraries = path.join(root, 'lib', arch.names.triplet);
    for (const folder of [libraries, path.join(root, 'bin'), path.join(root, 'sbin')]) {
      await mkdir(folder, { recursive: true });
    }
    const find = (suffix: string): string =>
      path.join(unpacked, all.find((f) => f.endsWith(suffix)) ?? suffix);
    await copyFile(find('bin/busybox'), path.join(root, 'bin/busybox'));
    await copyFile(find('sbin/dmsetup'), path.join(root, 'sbin/dmsetup'));
    await copyLibraries(unpacked, files, find('sbin/dmsetup'), libraries, new Set());
    const loader = path.join(root, arch.loader.directory);
    await mkdir(loader, { recursive: true });
    const real = files.get(arch.loader.name);
    if (real !== undefined) await copyFile(real, path.join(loader, arch.loader.name));
    for (const applet of APPLETS) await symlink('busybox', path.join(root, 'bin', applet));
    await runTool('rm', ['-rf', unpacked]);
  });
}

/** The busybox applets that vm/init uses. */
const APPLETS = [
  'sh',
  'cat',
  'echo',
  'head',
  'insmod',
  'ln',
  'mkdir',
  'mount',
  'reboot',
  'tail',
  'uname',
  'usleep',
];
