// SPDX-License-Identifier: MIT
// Base images without a registry: debootstrap makes Debian, and Node is this machine's own.
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { execa } from 'execa';
import tar from 'tar-fs';
import { openCache } from '../../../harness/util/cache.js';

/** The suites that the tests need, and the names of their base images. */
export type Suite = 'bookworm' | 'sid';
export const baseOf = (suite: Suite): string => `dmrace-test-base:${suite}`;
export const BASE = baseOf('bookworm');
export const NODE = 'dmrace-test-node:bookworm';

/** The tar of a minimal Debian, made once and kept in the cache. */
async function debianTar(suite: Suite): Promise<string> {
  const cache = await openCache();
  const entry = await cache.entry('test-debootstrap', `${suite}-minbase-1`, async (directory) => {
    const tree = path.join(directory, 'tree');
    await execa('debootstrap', ['--variant=minbase', suite, tree], {
      stdout: { file: path.join(directory, 'log') },
    });
    for (const spare of ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc']) {
      await rm(path.join(tree, spare), { recursive: true, force: true });
      await mkdir(path.join(tree, spare), { recursive: true });
    }
    // Where this machine's mirror stands still and its apt is told so, apt in the base must be too.
    const { stdout } = await execa('apt-config', ['dump', 'Acquire::Check-Valid-Until']);
    await writeFile(path.join(tree, 'etc/apt/apt.conf.d/99dmrace-test'), `${stdout}\n`);
    await execa('tar', ['-C', tree, '-cf', path.join(directory, 'base.tar'), '.']);
    await rm(tree, { recursive: true });
  });
  return path.join(entry, 'base.tar');
}

async function settled(docker: Docker, answer: NodeJS.ReadableStream): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(answer, (error) => (error ? reject(error) : resolve()));
  });
}

export async function importBase(docker: Docker, suite: Suite = 'bookworm'): Promise<void> {
  const [repo, tag] = baseOf(suite).split(':');
  await settled(docker, await docker.importImage(await debianTar(suite), { repo, tag }));
}

/** An image from a Dockerfile and files, built on the engine. */
export async function buildFrom(
  docker: Docker,
  tag: string,
  dockerfile: string,
  fill: (directory: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'dmrace-base-'));
  try {
    await writeFile(path.join(directory, 'Dockerfile'), dockerfile);
    await fill(directory);
    await settled(
      docker,
      await docker.buildImage(tar.pack(directory), { t: tag, networkmode: 'host' }),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Stands for node:20-bookworm-slim: the same places, the same Debian. */
export async function buildNode(docker: Docker): Promise<void> {
  // Behind a proxy with a certificate of its own, npm in the build needs it too.
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  const dockerfile = [
    `FROM ${BASE}`,
    'COPY node /usr/local/bin/node',
    'COPY npm /usr/local/lib/node_modules/npm',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
    ...(extra
      ? ['COPY ca.crt /etc/dmrace-ca.crt', 'ENV NODE_EXTRA_CA_CERTS=/etc/dmrace-ca.crt']
      : []),
  ].join('\n');
  await buildFrom(docker, NODE, dockerfile, async (directory) => {
    await copyFile(process.execPath, path.join(directory, 'node'));
    const npm = path.resolve(process.execPath, '../../lib/node_modules/npm');
    await cp(npm, path.join(directory, 'npm'), { recursive: true });
    if (extra) await writeFile(path.join(directory, 'ca.crt'), await readFile(extra));
  });
}
