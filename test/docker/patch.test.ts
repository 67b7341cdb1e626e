// SPDX-License-Identifier: MIT
// A series on the stock kernel in a container: its image has git, and what was run is run again there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CompareJson } from '../../harness/report/compare/json.js';
import { openCache } from '../../harness/util/cache.js';
import { client } from '../support/docker/command.js';
import { containers } from '../support/docker/engine.js';
import { CURE, FIND, stockDiff } from '../support/patch.js';

const { skip, socket } = inject('docker');
const MINUTES = 60_000;

describe.skipIf(skip !== null)('run --docker --patch', () => {
  const docker = new Docker({ socketPath: socket, protocol: 'http', host: undefined });
  let work: string;
  const start = async (...args: string[]) =>
    client(args, {
      host: `unix://${socket}`,
      cwd: work,
      env: { DMRACE_CACHE_DIR: (await openCache()).root },
    });
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-docker-patch-'));
    await stockDiff(path.join(work, 'cure.diff'), { find: FIND, replace: CURE });
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  it('compares there, and the patched side is replayed there', {
    timeout: 15 * MINUTES,
  }, async () => {
    const compared = await start(
      ...['run', '--docker', '--scenario', 'disk-release', '--trials', '1'],
      ...['--patch', 'cure.diff', '--compare', '--format', 'json', '--out', 'compared'],
    );
    expect(compared.exitCode, compared.stderr).toBe(0);
    expect(CompareJson.parse(JSON.parse(compared.stdout))).toMatchObject({
      verdict: 'closed',
      before: { verdict: 'open' },
      after: { verdict: 'closed', kernel: { patches: [{ file: 'cure.diff' }] } },
    });
    // Which files it takes is in run.json alone.
    const again = await start('replay', 'compared/after', '--docker', '--out', 'again');
    expect(again.exitCode, again.stdout + again.stderr).toBe(0);
    expect(await containers(docker)).toEqual([]);
  });
});
