// SPDX-License-Identifier: MIT
// What goes wrong around an engine: each a clear message and exit code 128, nothing left behind.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BASE, buildFrom, importBase } from '../support/docker/bases.js';
import { client } from '../support/docker/command.js';
import { containers, startEngine } from '../support/docker/engine.js';
import { UID } from '../support/docker/setup.js';

const { skip, socket } = inject('docker');
let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-bad-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

const start = (host: string, env: Record<string, string> = {}, uid?: number) =>
  client(['run', '--docker', '--out', path.join(work, 'out')], {
    host,
    cwd: work,
    ...(uid === undefined ? {} : { uid }),
    env: { DMRACE_CACHE_DIR: path.join(work, 'cache'), ...env },
  });

describe('an engine', () => {
  /** Answers every request the same: an engine of another time, or something else altogether. */
  const answering = async (status: number, body: string): Promise<[string, Server]> => {
    const file = path.join(work, `fake-${Math.random().toString(36).slice(2)}.sock`);
    const server = createServer((_, response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(file, resolve));
    return [`unix://${file}`, server];
  };

  it('that is not there', async () => {
    const { exitCode, stderr } = await start('unix:///nowhere/docker.sock');
    expect(exitCode).toBe(128);
    expect(stderr).toContain('no Docker engine answers at unix:///nowhere/docker.sock (ENOENT)');
    expect(await readdir(work)).not.toContain('out');
  });

  it('that is too old', async () => {
    const version = { Version: '18.06.1-ce', ApiVersion: '1.38', MinAPIVersion: '1.12' };
    const [host, server] = await answering(200, JSON.stringify(version));
    const { exitCode, stderr } = await start(host);
    server.close();
    expect(exitCode).toBe(128);
    expect(stderr).toContain('speaks API 1.38 (Docker 18.06.1-ce) (limit: 1.41, Docker 20.10');
  });

  it('that is something else', async () => {
    const [host, server] = await answering(200, '"hello"');
    const { exitCode, stderr } = await start(host);
    server.close();
    expect(exitCode).toBe(128);
    expect(stderr).toContain('is no Docker engine that dmrace understands');
  });

  it('at an address that is none, or by ssh', async () => {
    for (const host of ['http://x', 'ssh://root@build.example']) {
      const { exitCode, stderr } = await start(host);
      expect(exitCode).toBe(128);
      expect(stderr).toContain(host);
    }
  });

  it.skipIf(skip !== null)('whose socket the caller may not use', async () => {
    const { exitCode, stderr } = await start(`unix://${socket}`, {}, UID + 1);
    expect(exitCode).toBe(128);
    expect(stderr).toContain('no permission to talk to the Docker engine');
  });
});

describe.skipIf(skip !== null)('an image', () => {
  const docker = new Docker({ socketPath: socket, protocol: 'http', host: undefined });

  it('that does not build: the last lines, the log, and nothing left', async () => {
    await buildFrom(
      docker,
      'dmrace-test-broken:1',
      `FROM ${BASE}\nRUN printf '#!/bin/sh\\necho no packages today; exit 100\\n' >/usr/bin/apt-get`,
    );
    const before = await containers(docker);
    const { exitCode, stderr } = await start(`unix://${socket}`, {
      DMRACE_DOCKER_BASE: 'dmrace-test-broken:1',
    });
    expect(exitCode).toBe(128);
    expect(stderr).toContain('the image could not be built');
    expect(stderr).toContain('no packages today');
    const log = /^ {2}see (\S+\.log)$/m.exec(stderr)?.[1] ?? '';
    expect(await readFile(log, 'utf8')).toContain('no packages today');
    expect(await containers(docker)).toEqual(before);
  });

  it('whose base cannot be had', async () => {
    const { exitCode, stderr } = await start(`unix://${socket}`, {
      DMRACE_DOCKER_BASE: 'localhost:1/no-such-base:1',
    });
    expect(exitCode).toBe(128);
    expect(stderr).toContain('give local bases: DMRACE_DOCKER_BASE, DMRACE_DOCKER_NODE');
  });

  it('for which the engine has no space left', async () => {
    // A second engine whose disk holds little more than the base.
    const root = path.join(work, 'small');
    await execa('mkdir', ['-p', root]);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=400m', 'tmpfs', root]);
    try {
      await using engine = await startEngine(path.join(root, 'engine'), null, 0);
      await importBase(engine.docker);
      await buildFrom(
        engine.docker,
        'dmrace-test-node:full',
        `FROM ${BASE}\nRUN printf '#!/bin/sh\\nexec dd if=/dev/zero of=/full bs=1M\\n' >/usr/bin/npm && chmod 755 /usr/bin/npm`,
      );
      const { exitCode, stderr } = await start(`unix://${engine.socket}`, {
        DMRACE_DOCKER_NODE: 'dmrace-test-node:full',
      });
      expect(exitCode, stderr).toBe(128);
      expect(stderr).toMatch(/no space left/i);
      expect(stderr).toMatch(/free space where (the engine|it) keeps its data/);
      expect(await containers(engine.docker)).toEqual([]);
    } finally {
      await execa('umount', [root]);
    }
  });
});
