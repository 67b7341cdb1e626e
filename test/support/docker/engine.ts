// SPDX-License-Identifier: MIT
// A real Docker engine of the tests' own: its own data, its own socket, no bridge, no iptables.
import { chmodSync, chownSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import Docker from 'dockerode';
import { execa } from 'execa';
import { z } from 'zod';
import { eventually } from '../command.js';

/** A running engine; disposing ends it and removes all it had. */
export interface TestEngine extends AsyncDisposable {
  readonly docker: Docker;
  readonly socket: string;
}

/**
 * @param tcpPort also listens there, on 127.0.0.1.
 * @param group that may talk to it.
 */
export async function startEngine(
  root: string,
  tcpPort: number | null,
  group: number,
): Promise<TestEngine> {
  await mkdir(root, { recursive: true, mode: 0o755 });
  const socket = path.join(root, 'sock');
  // SIGTERM lets dockerd end its containerd and its mounts, also when the test runner is killed.
  const dockerd = execa(
    'setpriv',
    [
      ...['--pdeathsig', 'TERM', 'dockerd', '--iptables=false', '--ip6tables=false'],
      ...['--bridge=none', '--data-root', path.join(root, 'data')],
      ...['--exec-root', path.join(root, 'exec'), '--pidfile', path.join(root, 'pid')],
      ...['-H', `unix://${socket}`],
      ...(tcpPort === null ? [] : ['-H', `tcp://127.0.0.1:${tcpPort}`]),
    ],
    { reject: false, stdin: 'ignore', stdout: 'ignore', stderr: { file: path.join(root, 'log') } },
  );
  let ended = false;
  dockerd.finally(() => {
    ended = true;
  });
  const docker = new Docker({ socketPath: socket, protocol: 'http', host: undefined });
  const stop = async (): Promise<void> => {
    dockerd.kill('SIGTERM');
    await dockerd;
    // dockerd leaves the host's network namespace mounted.
    await execa('umount', ['-l', path.join(root, 'exec/netns/default')], { reject: false });
    await rm(root, { recursive: true, force: true });
  };
  try {
    await eventually('the engine answers', async () => {
      if (ended) throw new Error(`dockerd ended: ${await lastLines(path.join(root, 'log'))}`);
      return docker.ping().then(
        () => true,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  chownSync(socket, 0, group);
  chmodSync(socket, 0o660);
  return { docker, socket, [Symbol.asyncDispose]: stop };
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-5).join('\n');
}

const Listed = z.array(z.looseObject({ Id: z.string(), State: z.string() }));

/** Ids of all containers, ended ones too. */
export const containers = async (docker: Docker): Promise<string[]> =>
  Listed.parse(await docker.listContainers({ all: true })).map((one) => one.Id);

/** The container that runs; there must be one. */
export async function runningContainer(docker: Docker): Promise<Docker.Container> {
  const [id] = Listed.parse(await docker.listContainers()).map((one) => one.Id);
  if (id === undefined) throw new Error('no container runs');
  return docker.getContainer(id);
}

/** Files below a folder that do not belong to a user. */
export async function strangers(folder: string, uid: number): Promise<string[]> {
  const { stdout } = await execa('find', [folder, '!', '-uid', String(uid)]);
  return stdout.split('\n').filter(Boolean);
}

/** Half-built entries of a cache. */
export async function leftInCache(root: string): Promise<string[]> {
  const kinds = await readdir(root);
  const names = await Promise.all(
    kinds.map(async (kind) => readdir(path.join(root, kind)).catch(() => [])),
  );
  return names.flat().filter((name) => /\.(part|dead)-/.test(name));
}
