// SPDX-License-Identifier: MIT
// A fresh root of a Debian, as small as its official image, and what runs in it.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { assets } from '../../../harness/util/assets.js';
import { openCache } from '../../../harness/util/cache.js';

export type Suite = 'bookworm' | 'trixie';

/** A root; disposing removes it. */
export interface Root extends AsyncDisposable {
  readonly path: string;
  /** Runs a program in it, as root, and everything that it starts ends with it; never rejects. */
  readonly run: (
    argv: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly exitCode: number; readonly all: string; readonly stdout: string }>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The tar of a minimal Debian, made once and kept in the cache. */
async function debianTar(suite: Suite): Promise<string> {
  const cache = await openCache();
  const entry = await cache.entry('test-mmdebstrap', `${suite}-minbase-1`, async (directory) => {
    const tar = path.join(directory, 'root.tar');
    await execa('mmdebstrap', ['--variant=minbase', '--quiet', suite, tar], {
      env: { LC_ALL: 'C' },
      stderr: { file: path.join(directory, 'log') },
    });
  });
  return path.join(entry, 'root.tar');
}

// What is mounted is seen in this name space only, and goes with it.
const ENTER = [
  'mount --rbind /dev "$0/dev"',
  'mount -t proc proc "$0/proc"',
  'exec chroot "$0" "$@"',
].join(' && ');

/** Unpacks one. Node is not in it. */
export async function freshRoot(suite: Suite): Promise<Root> {
  const root = await mkdtemp(path.join(tmpdir(), `dmrace-${suite}-`));
  await execa('tar', ['-xf', await debianTar(suite), '--numeric-owner', '-C', root]);
  for (const file of ['etc/resolv.conf', 'etc/hosts']) await cp(`/${file}`, path.join(root, file));
  // Where this machine's mirror stands still and its apt is told so, apt in the root must be too.
  const { stdout } = await execa('apt-config', ['dump', 'Acquire::Check-Valid-Until']);
  await writeFile(path.join(root, 'etc/apt/apt.conf.d/99dmrace-test'), `${stdout}\n`);
  // Behind a proxy with a certificate of its own, npm needs it.
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  if (extra) await cp(extra, path.join(root, 'etc/dmrace-ca.crt'));
  const own = extra ? { NODE_EXTRA_CA_CERTS: '/etc/dmrace-ca.crt' } : {};
  return {
    path: root,
    run: async (argv, env = {}) => {
      const { exitCode, all, stdout } = await execa(
        'unshare',
        ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', ENTER, root, ...argv],
        {
          extendEnv: false,
          env: { PATH, HOME: '/root', LC_ALL: 'C.UTF-8', ...own, ...env },
          reject: false,
          all: true,
        },
      );
      return { exitCode: exitCode ?? 130, all, stdout };
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Node as actions/setup-node brings it: this machine's own, with npm, in /usr/local. */
export async function bringNode(root: Root): Promise<void> {
  await cp(process.execPath, path.join(root.path, 'usr/local/bin/node'));
  await bringNpm(root);
}

/** Node as the Debian has it, the floor of what dmrace runs on, with this machine's npm. */
export async function installNode(root: Root): Promise<string> {
  const options = ['-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0'];
  for (const words of [['update'], ['install', ...options, 'nodejs']]) {
    const { exitCode, all } = await root.run(['apt-get', ...words]);
    if (exitCode !== 0) throw new Error(`apt-get ${words.join(' ')}: ${all}`);
  }
  await bringNpm(root);
  return (await root.run(['node', '--version'])).stdout;
}

async function bringNpm(root: Root): Promise<void> {
  const npm = path.resolve(process.execPath, '../../lib/node_modules/npm');
  const lib = path.join(root.path, 'usr/local/lib/node_modules');
  await mkdir(lib, { recursive: true });
  await cp(npm, path.join(lib, 'npm'), { recursive: true });
  const linked = await root.run([
    ...['ln', '-sf', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm'],
  ]);
  if (linked.exitCode !== 0) throw new Error(linked.all);
}

/** The files that a fresh clone has, as they are now. */
export async function checkout(root: Root, folder: string): Promise<void> {
  const { stdout } = await execa('git', ['ls-files', '-z'], { cwd: assets() });
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    const to = path.join(root.path, folder, file);
    await mkdir(path.dirname(to), { recursive: true });
    await cp(assets(file), to);
  }
}
