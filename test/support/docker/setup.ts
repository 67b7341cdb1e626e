// SPDX-License-Identifier: MIT
// Set-up of the vitest project `docker`: an engine with both base images, or the reason why not.
import { access, chmod, mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { buildNode, importBase } from './bases.js';
import { startEngine } from './engine.js';

/** The ordinary user of these tests: nobody in particular, and not in any passwd. */
export const UID = 23456;

/** What the tests get. */
export interface Provided {
  readonly skip: string | null;
  readonly socket: string;
  readonly tcp: string;
  /** The built command at a path that every user can reach. */
  readonly main: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    docker: Provided;
  }
}

async function absent(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'only root can start an engine';
  for (const tool of ['dockerd', 'debootstrap', 'setpriv']) {
    const places = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];
    const found = await Promise.any(places.map((place) => access(path.join(place, tool)))).then(
      () => true,
      () => false,
    );
    if (!found) return `there is no ${tool} (packages docker.io and debootstrap)`;
  }
  return null;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export async function setup(vitest: TestProject): Promise<() => Promise<void>> {
  let reason = await absent();
  if (reason === null) {
    const root = await mkdtemp(path.join(tmpdir(), 'dmrace-engine-'));
    await chmod(root, 0o755);
    // A clone below /root could not be read by the ordinary user.
    const project = path.join(root, 'project');
    await mkdir(project);
    await execa('mount', ['--bind', path.resolve(import.meta.dirname, '../../..'), project]);
    // A run that is killed leaves it behind in /tmp, and who clears that up would clear the clone up.
    await execa('mount', ['-o', 'remount,bind,ro', project]);
    const unmount = async (): Promise<void> => {
      await execa('umount', [project]);
      await rmdir(project);
      await rmdir(root);
    };
    const port = await freePort();
    let engine: Awaited<ReturnType<typeof startEngine>> | null = null;
    try {
      engine = await startEngine(path.join(root, 'engine'), port, UID);
      const started = engine;
      await importBase(engine.docker);
      await buildNode(engine.docker);
      vitest.provide('docker', {
        skip: null,
        main: path.join(project, 'dist/main.js'),
        socket: engine.socket,
        tcp: `tcp://127.0.0.1:${port}`,
      });
      return async () => {
        await started[Symbol.asyncDispose]();
        await unmount();
      };
    } catch (error) {
      // The engine first: its files lie in the folder, and its failure is the one to report.
      await engine?.[Symbol.asyncDispose]();
      await unmount();
      if (process.env.REQUIRE_DOCKER === '1') throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  if (process.env.REQUIRE_DOCKER === '1') throw new Error(`no Docker engine: ${reason}`);
  process.stderr.write(`docker tests are skipped: ${reason}\n`);
  vitest.provide('docker', { skip: reason, socket: '', tcp: '', main: '' });
  return async () => undefined;
}
