// SPDX-License-Identifier: MIT
// The disks of L1: a Debian with what dmrace needs, made without mounting anything, and a data disk
// with the packed tarball of dmrace, installed, and a cache with the one kernel.
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { ARCH } from '../../../harness/model/arch/index.js';
import { assets } from '../../../harness/util/assets.js';
import { type Cache, contentKey } from '../../../harness/util/cache.js';
import { requirements } from '../../../harness/util/requirements.js';
import { dmrace } from '../command.js';

const SUITE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
const INIT = assets('test/support/kvm/l1-init');

/** What L1 boots. */
export interface Disks {
  /** Not written to. */
  readonly root: string;
  /** Written to: what one L1 leaves in it, the next one finds. */
  readonly data: string;
  readonly kernel: string;
  readonly initrd: string;
}

const packages = (): string[] => [
  ...new Set([
    ...['linux-image-cloud-amd64', 'initramfs-tools', 'udev', 'kmod', 'libstdc++6'],
    ...requirements(ARCH.x86_64).map((requirement) => requirement.package),
  ]),
];

/** mke2fs fills a file system from a folder (-d): nothing is mounted. */
const ext4 = async (folder: string, image: string, size: string): Promise<void> => {
  await execa('mke2fs', [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-O',
    '^has_journal',
    '-d',
    folder,
    image,
    size,
  ]);
};

/** L1's root, once: two minutes, of which most is the download. */
async function rootEntry(cache: Cache): Promise<string> {
  const key = contentKey([SUITE, ...packages(), process.version, await readFile(INIT)]);
  return cache.entry('kvm-l1', key, async (directory) => {
    const root = path.join(directory, 'root');
    const include = `--include=${packages().join(',')}`;
    await execa('mmdebstrap', ['--variant=minbase', '--quiet', include, SUITE, root, MIRROR], {
      env: { LC_ALL: 'C' },
    });
    await cp(process.execPath, path.join(root, 'usr/local/bin/node'));
    await cp(INIT, path.join(root, 'sbin/l1-init'));
    await chmod(path.join(root, 'sbin/l1-init'), 0o755);
    await mkdir(path.join(root, 'data'));
    const boot = await readdir(path.join(root, 'boot'));
    for (const name of ['vmlinuz', 'initrd.img']) {
      const file = boot.find((one) => one.startsWith(`${name}-`));
      if (file === undefined) throw new Error(`no ${name} in L1's /boot: ${boot.join(' ')}`);
      await cp(path.join(root, 'boot', file), path.join(directory, name));
    }
    for (const folder of ['usr/share/doc', 'usr/share/locale', 'usr/share/man', 'var/cache/apt']) {
      await rm(path.join(root, folder), { recursive: true, force: true });
    }
    await mkdir(path.join(root, 'var/cache/apt/archives/partial'), { recursive: true });
    await ext4(root, path.join(directory, 'root.img'), '1G');
    await rm(root, { recursive: true });
  });
}

/** The built program packed, and the tarball installed in a folder, without what Docker needs. */
async function install(work: string, into: string): Promise<void> {
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', work], { cwd: assets() });
  const tarball = (await readdir(work)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  const flags = ['--omit=optional', '--prefer-offline', '--no-audit', '--no-fund'];
  await execa('npm', ['install', ...flags, '--prefix', into, path.join(work, tarball)]);
}

/** What L1 runs, and the exit code of each under TCG. */
const SCENARIOS = [
  ['release', 0],
  ['disk-release', 1],
] as const;

/**
 * A cache with the one kernel, kept between runs of these tests: it is 400 MB of downloads. All that
 * L1 needs is built here: a compiler in L1 takes twenty times as long.
 */
async function fillCache(folder: string): Promise<void> {
  const env = { DMRACE_CACHE_DIR: folder };
  const fetched = await dmrace(['kernel', 'fetch'], env);
  if (fetched.exitCode !== 0) throw new Error(`kernel fetch failed: ${fetched.stderr}`);
  const out = path.join(folder, 'run');
  for (const [scenario, code] of SCENARIOS) {
    const args = ['run', '--scenario', scenario, '--accel', 'tcg', '--trials', '1', '--out', out];
    const tried = await dmrace([...args, '--quiet'], env);
    await rm(out, { recursive: true, force: true });
    if (tried.exitCode !== code) throw new Error(`${scenario} under TCG failed: ${tried.stderr}`);
  }
}

/** Makes both disks; the data disk lies in `work` and is new. */
export async function makeDisks(cache: Cache, work: string): Promise<Disks> {
  const base = await rootEntry(cache);
  const folder = path.join(work, 'data');
  const kept = path.join(cache.root, 'kvm-l1-cache');
  await mkdir(folder, { recursive: true });
  await mkdir(kept, { recursive: true });
  await install(work, path.join(folder, 'dmrace'));
  await fillCache(kept);
  // Links as they are: busybox's names in the guest's root would else point into this host.
  await cp(kept, path.join(folder, 'cache'), {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
  });
  for (const kind of ['ready', 'accel', 'locks']) {
    await rm(path.join(folder, 'cache', kind), { recursive: true, force: true });
  }
  await writeFile(path.join(folder, 'made'), '');
  const data = path.join(work, 'data.img');
  await ext4(folder, data, '4G');
  await rm(folder, { recursive: true });
  return {
    root: path.join(base, 'root.img'),
    data,
    kernel: path.join(base, 'vmlinuz'),
    initrd: path.join(base, 'initrd.img'),
  };
}
