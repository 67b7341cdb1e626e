// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHost } from '../../../harness/docker/endpoint.js';
import { connect, olderApi } from '../../../harness/docker/engine.js';
import { explainDocker } from '../../../harness/docker/errors.js';

let folder: string;
let server: Server | null = null;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dmrace-engine-'));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function engine(listener: RequestListener, deadlineMs?: number) {
  const socket = path.join(folder, 's');
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  return connect(parseHost(`unix://${socket}`, null), false, deadlineMs);
}

const answers =
  (info: Record<string, unknown>, networks: readonly string[]): RequestListener =>
  (request, response) => {
    const body = request.url?.startsWith('/version')
      ? { Version: '28.0', ApiVersion: '1.48' }
      : request.url?.startsWith('/info')
        ? { OSType: 'linux', Architecture: 'x86_64', ...info }
        : networks.map((Name) => ({ Name }));
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body));
  };

describe('an engine', () => {
  it('is known by what it says of itself', async () => {
    const options = ['name=seccomp,profile=default', 'name=rootless', 'name=selinux'];
    const made = await engine(answers({ SecurityOptions: options }, ['bridge', 'host']));
    expect(made).toMatchObject({ rootless: true, selinux: true, userns: false, bridge: true });
    expect(made).toMatchObject({ remote: false, version: '28.0' });
  });
  it('without a bridge is known as such', async () => {
    expect(await engine(answers({}, ['host', 'none']))).toMatchObject({ bridge: false });
  });
  it('of another architecture or of Windows is refused', async () => {
    const arm = engine(answers({ Architecture: 'aarch64' }, []));
    await expect(arm).rejects.toMatchObject({ code: 'environment' });
    await expect(arm).rejects.toThrow(/linux containers on aarch64/);
  });
  it('that does not answer is given up', async () => {
    const silent = engine(() => undefined, 50);
    await expect(silent).rejects.toThrow(/does not answer in time/);
  });
});

describe('versions of the API', () => {
  it('are compared as numbers', () => {
    expect(olderApi('1.9', '1.41')).toBe(true);
    expect(olderApi('1.41', '1.41')).toBe(false);
    expect(olderApi('1.100', '1.41')).toBe(false);
    expect(olderApi('2.0', '1.41')).toBe(false);
    expect(olderApi('0.99', '1.41')).toBe(true);
  });
});

describe('what an engine says', () => {
  const coded = (code: string) => Object.assign(new Error('x'), { code });
  it.each([
    [coded('ENOENT'), /no Docker engine answers/],
    [coded('ECONNREFUSED'), /no Docker engine answers/],
    [coded('EACCES'), /no permission/],
    [coded('ECONNRESET'), /closed the connection/],
    [new Error('write /x: no space left on device'), /no space left[\s\S]*docker system prune/],
    [new Error('(HTTP code 500) server error - odd'), /says: \(HTTP code 500\) server error - odd/],
  ])('%s', (error, words) => {
    expect(explainDocker(error, 'unix:///s')).toMatchObject({
      code: 'environment',
      message: expect.stringMatching(words) as string,
    });
  });
});
