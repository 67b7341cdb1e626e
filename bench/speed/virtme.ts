// SPDX-License-Identifier: MIT
import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { DebianArchive } from '../../harness/debian/archive.js';
import { ARCH } from '../../harness/model/arch/index.js';
import { quote } from '../../harness/qemu/command-line.js';
import { type Cache, contentKey } from '../../harness/util/cache.js';
import { say } from './rig.js';

/** virtme-ng and the Python packages it imports; bookworm has them in no form that works. */
const PACKAGES = [
  'virtme-ng',
  'python3-argcomplete',
  'python3-requests',
  'python3-urllib3',
  'python3-idna',
  'python3-certifi',
  'python3-charset-normalizer',
  'python3-chardet',
  'python3-pkg-resources',
];

/** A virtme-ng that is unpacked in the cache and not installed. */
export interface Virtme {
  readonly version: string;
  /** Runs one command in a guest of its own, under TCG. */
  run(image: string, command: string, timeoutMs: number): Promise<Ended>;
}

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly ms: number;
  readonly output: string;
}

/** Runs a program to its end, or kills it. Its output is stdout and stderr as they came. */
export async function ended(
  file: string,
  args: readonly string[],
  timeoutMs: number,
  env: Record<string, string> = {},
): Promise<Ended> {
  const began = performance.now();
  const result = await execa(file, args, {
    reject: false,
    timeout: timeoutMs,
    forceKillAfterDelay: 2_000,
    stdin: 'ignore',
    all: true,
    env,
  });
  return {
    exitCode: result.timedOut ? null : (result.exitCode ?? null),
    ms: performance.now() - began,
    output: result.all,
  };
}

/** Its guest runs on the host's files, and without udev it finds no port for its command. */
async function requireUdev(): Promise<void> {
  const file = '/usr/lib/systemd/systemd-udevd';
  await access(file).catch(() => {
    throw new Error(`virtme-ng needs ${file} on this machine: apt-get install udev`);
  });
}

/** Fetches virtme-ng from trixie, with signatures checked, into the cache. */
export async function fetchVirtme(cache: Cache): Promise<Virtme> {
  await requireUdev();
  const { signal } = new AbortController();
  const archive = new DebianArchive({ cache, arch: ARCH.x86_64, say, signal }, 'trixie');
  await archive.refresh();
  const packages = await archive.require(PACKAGES);
  const versions = packages.map((pack) => `${pack.name}=${pack.version}`);
  const entry = await cache.entry('bench', contentKey(versions), (directory) =>
    archive.unpack(packages, directory),
  );
  const env = {
    PYTHONPATH: path.join(entry, 'usr/lib/python3/dist-packages'),
    PATH: `${path.join(entry, 'usr/bin')}:${process.env.PATH ?? ''}`,
  };
  const [{ version = '' } = {}] = packages;
  return {
    version,
    run: (image, command, timeoutMs) => {
      const vng = [
        path.join(entry, 'usr/bin/vng'),
        ...['--run', image, '--disable-kvm', '--disable-microvm', '--force-9p', '--user', 'root'],
        ...['--cpus', '1', '--memory', '512M', '--exec', command],
      ];
      // It starts only on a terminal ("not a valid pts"), which a bench in a pipe does not have.
      const onTerminal = [
        '--quiet',
        '--return',
        '--flush',
        '--command',
        vng.map(quote).join(' '),
        '/dev/null',
      ];
      return ended('script', onTerminal, timeoutMs, env);
    },
  };
}

/**
 * The .config of a kernel that both dmrace and virtme-ng can boot: profile `base`, then what
 * virtme-ng needs, as a file in the cache. Always the same path: a build folder belongs to it.
 */
export async function virtmeConfig(root: string, cache: Cache): Promise<string> {
  const texts = await Promise.all(
    ['kernel-config/base.config', 'bench/virtme.config'].map((file) =>
      readFile(path.join(root, file), 'utf8'),
    ),
  );
  const file = path.join(cache.root, 'bench', 'virtme-start.config');
  const text = texts.join('');
  const before = await readFile(file, 'utf8').catch(() => null);
  if (before !== text) await writeFile(file, text);
  return file;
}
