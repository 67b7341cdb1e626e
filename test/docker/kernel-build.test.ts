// SPDX-License-Identifier: MIT
// A kernel built in a container of another suite than this machine's, with that suite's compiler.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openCache } from '../../harness/util/cache.js';
import { dmrace } from '../support/command.js';
import { BASE, baseOf, importBase } from '../support/docker/bases.js';
import { client } from '../support/docker/command.js';
import { containers } from '../support/docker/engine.js';

const { skip, socket } = inject('docker');

describe.skipIf(skip !== null)('kernel build --docker --suite sid', () => {
  const docker = new Docker({ socketPath: socket, protocol: 'http', host: undefined });
  let work: string;
  let tree: string;
  const start = (base: string) =>
    client(['kernel', 'build', `src:${tree}`, '--docker', '--suite', 'sid'], {
      host: `unix://${socket}`,
      cwd: work,
      env: { DMRACE_CACHE_DIR: path.join(work, 'cache'), DMRACE_DOCKER_BASE: base },
    });

  // Bookworm's gcc 12 passes it. kbuild compiles this file before anything else of the kernel
  // (Kbuild, bounds.h), so nothing but Kconfig and a few host programs is built.
  const WORDS = 'newer than the compiler of bookworm';
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-sid-'));
    await importBase(docker, 'sid');
    const fetched = await dmrace(['kernel', 'fetch', '--source', 'debian:6.12']);
    expect(fetched.exitCode, fetched.stderr).toBe(0);
    // Beside the sources, because hard links do not leave their file system.
    const { root } = await openCache();
    tree = path.join(await mkdtemp(path.join(root, 'test-sid-')), 'linux');
    await execa('cp', ['-al', fetched.stdout.trim(), tree]);
    const file = path.join(tree, 'kernel/bounds.c');
    const text = await readFile(file, 'utf8');
    await rm(file);
    await writeFile(file, `${text}\n_Static_assert(__GNUC__ <= 12, "${WORDS}");\n`);
  });
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
    if (tree) await rm(path.dirname(tree), { recursive: true, force: true });
  });

  // Most of the time goes into sid's image.
  const MINUTES = 60_000;
  it('compiles with sid’s gcc, in the cache that all share; 125 comes back', {
    timeout: 20 * MINUTES,
  }, async () => {
    const { exitCode, stderr } = await start(baseOf('sid'));
    expect(exitCode, stderr).toBe(125);
    expect(stderr).toContain(`static assertion failed: "${WORDS}"`);
    const builds = path.join(work, 'cache/build');
    const [name = ''] = await readdir(builds);
    const config = await readFile(path.join(builds, name, '.config'), 'utf8');
    const version = Number(/^CONFIG_GCC_VERSION=(\d+)$/m.exec(config)?.[1]);
    expect(version).toBeGreaterThanOrEqual(150_000);
    expect(await containers(docker)).toEqual([]);
  });

  it('is refused on a base of another suite', async () => {
    const { exitCode, stderr } = await start(BASE);
    expect(exitCode).toBe(128);
    expect(stderr).toContain('the base is not sid: its /etc/apt names another suite');
  });
});
