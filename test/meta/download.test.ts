// SPDX-License-Identifier: MIT
// Ctrl-C in the middle of a download: apt's own tools, and a mirror that never gets to the end.
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostSuite } from '../../harness/debian/archive.js';
import { openArchive } from '../../harness/kernel/stock.js';
import { openCache } from '../../harness/util/cache.js';
import { dmrace, eventually } from '../support/command.js';
import { testWork } from '../support/work.js';

let work: string;
let mirror: Server;
/** What apt has asked for. */
let asked: string[];

beforeAll(async () => {
  // The signed package lists, which tell apt what it may fetch.
  await openArchive(await testWork(), await hostSuite());
});

beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-download-'));
  asked = [];
  mirror = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200); // without a length: apt knows the right one
    response.write('!<arch>\n'); // and never a byte more
  });
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  mirror.closeAllConnections();
  await new Promise((resolve) => mirror.close(resolve));
  await rm(work, { recursive: true, force: true });
});

/** Command lines of all processes at work on the cache of this test. */
async function atWork(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environ.includes(work) ? line.replaceAll('\0', ' ') : '';
    }),
  );
  return lines.filter((line) => line !== '');
}

const files = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

describe('Ctrl-C in the middle of a download', () => {
  it.each([
    ['kernel fetch', (): string[] => ['kernel', 'fetch', 'debian']],
    ['run', (): string[] => ['run', '--out', path.join(work, 'run')]],
  ])('%s ends with 130, apt with it, and the cache has no half entry', async (_, args) => {
    const cache = path.join(work, 'cache');
    const lists = path.join('apt', `${await hostSuite()}-amd64`);
    await cp(path.join((await openCache()).root, lists), path.join(cache, lists), {
      recursive: true,
      preserveTimestamps: true,
    });
    const proxy = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    const run = dmrace(args(), { DMRACE_CACHE_DIR: cache, http_proxy: proxy, no_proxy: '' });
    await eventually('apt fetches the kernel', async () =>
      asked.some((url) => url.endsWith('.deb')),
    );
    expect((await atWork()).join('\n')).toMatch(/apt-get .* download /);
    run.kill('SIGINT');
    const result = await run;
    expect(result.exitCode).toBe(130);
    expect(await atWork()).toEqual([]);
    expect(result.stderr).toContain('dmrace: interrupted');
    expect(result.stderr).not.toMatch(/\n\s+at /);
    expect(await files(path.join(cache, 'deb'))).toEqual([]);
    expect(await files(path.join(cache, 'image'))).toEqual([]);
    expect(await files(path.join(cache, 'locks'))).toEqual([]);
  });
});
