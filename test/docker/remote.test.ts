// SPDX-License-Identifier: MIT
// An engine that does not see this machine's files: everything goes through its API.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { client } from '../support/docker/command.js';
import { containers, strangers } from '../support/docker/engine.js';

const { skip, socket, tcp } = inject('docker');

describe.skipIf(skip !== null)('a remote engine', () => {
  const docker = new Docker({ socketPath: socket, protocol: 'http', host: undefined });
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-remote-'));
  });
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
  });
  const start = (args: readonly string[]) =>
    client(args, { host: tcp, cwd: work, env: { DMRACE_CACHE_DIR: path.join(work, 'cache') } });

  it('runs the main job, gives the artefacts back, and keeps nothing but the cache', async () => {
    const out = path.join(work, 'out');
    const { exitCode, stdout, stderr } = await start([
      ...['run', '--docker', '--trials', '1', '--format', 'json', '--out', out],
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'closed' });
    expect(stderr).toContain(`docker: copied the artefacts from the engine to ${out}`);
    expect((await readdir(out)).sort()).toEqual(
      expect.arrayContaining(['builtin-0', 'in-module-0', 'run.json', 'verdict.json']),
    );
    expect(await strangers(out, process.getuid?.() ?? 0)).toEqual([]);
    const judged = await start(['judge', out, '--format', 'json']);
    expect(judged.exitCode, judged.stderr).toBe(0);
    expect(await containers(docker)).toEqual([]);
    const volumes = await docker.listVolumes();
    expect(volumes.Volumes.map((volume) => volume.Name)).toEqual(['dmrace-cache']);
  });

  it('refuses files that it cannot see, and says which', async () => {
    await writeFile(path.join(work, 'dmrace.config.json'), '{"trials": 1}');
    const { exitCode, stderr } = await start(['run', '--docker']);
    await rm(path.join(work, 'dmrace.config.json'));
    expect(exitCode, stderr).toBe(129);
    expect(stderr).toContain(path.join(work, 'dmrace.config.json'));
    expect(await containers(docker)).toEqual([]);
  });
});
