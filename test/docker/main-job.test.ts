// SPDX-License-Identifier: MIT
// The main job in a container of a real engine, as an ordinary user, from an empty cache.
import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { eventually } from '../support/command.js';
import { type Client, client, said } from '../support/docker/command.js';
import { containers, leftInCache, runningContainer, strangers } from '../support/docker/engine.js';
import { UID } from '../support/docker/setup.js';

const { skip, socket, main } = inject('docker');
const Output = z.looseObject({
  verdict: z.string(),
  kernel: z.looseObject({ release: z.string() }),
});

describe.skipIf(skip !== null)('in a container', () => {
  const docker = new Docker({ socketPath: socket, protocol: 'http', host: undefined });
  let work: string;
  let cache: string;
  const start = (args: readonly string[], env: Record<string, string> = {}): Client =>
    client(args, {
      host: `unix://${socket}`,
      cwd: work,
      uid: UID,
      env: { DMRACE_CACHE_DIR: cache, ...env },
    });

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-docker-'));
    cache = path.join(work, 'cache');
    await mkdir(cache);
    for (const folder of [work, cache]) await chown(folder, UID, UID);
  });
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
  });

  it('two at once build one image and fill one empty cache, and both are closed', async () => {
    const summary = path.join(work, 'summary.md');
    await writeFile(summary, 'before\n');
    await chown(summary, UID, UID);
    const both = [1, 2].map((n) =>
      start(['run', '--docker', '--trials', '1', '--format', 'json', '--out', `run-${n}`], {
        ...(n === 1 ? { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary } : {}),
      }),
    );
    for (const running of both) {
      const { exitCode, stdout, stderr } = await running;
      expect(exitCode, stderr).toBe(0);
      expect(Output.parse(JSON.parse(stdout)).verdict).toBe('closed');
    }
    expect(await readFile(summary, 'utf8')).toMatch(/^before\n(.|\n)*closed/);
    expect(await leftInCache(cache)).toEqual([]);
    expect(await containers(docker)).toEqual([]);
  });

  it('matrix and sweep do the same there, and report reads what they left', async () => {
    const matrix = await start([
      ...['matrix', '--docker', '--kernel', 'debian', '--scenario', 'release', '--trials', '1'],
      ...['--format', 'json', '--out', 'matrix'],
    ]);
    expect(matrix.exitCode, matrix.stderr).toBe(0);
    expect(matrix.stdout).toContain('"closed"');
    const sweep = await start([
      ...['sweep', '--docker', '--placement', 'builtin', '--format', 'json', '--out', 'sweep'],
    ]);
    // Without its control a sweep is inconclusive.
    expect(sweep.exitCode, sweep.stderr).toBe(125);
    expect(sweep.stdout).toContain('"survived"');
    expect(await strangers(path.join(work, 'matrix'), UID)).toEqual([]);
    for (const folder of ['run-1', 'sweep']) {
      const report = await start(['report', folder]);
      expect(report.exitCode, report.stderr).toBe(0);
    }
    expect(await containers(docker)).toEqual([]);
  });

  it('the image was built once, is small, and says what it is', async () => {
    const images = z
      .array(z.looseObject({ RepoTags: z.array(z.string()).nullable(), Size: z.number() }))
      .parse(await docker.listImages({ filters: { label: ['dmrace.image'] } }))
      .filter((image) => image.RepoTags?.some((tag) => tag.startsWith('dmrace:')));
    expect(images).toHaveLength(1);
    expect(images[0]?.Size).toBeLessThan(600e6);
    const tag = images[0]?.RepoTags?.[0] ?? '';
    const { Config } = await docker.getImage(tag).inspect();
    expect(Config).toMatchObject({ Entrypoint: ['dmrace'], User: 'dmrace' });
    expect(Config).not.toHaveProperty('Healthcheck');
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.licenses': 'MIT AND GPL-2.0-only',
    });
  });

  it('artefacts and cache belong to the caller, and are judged the same outside', async () => {
    expect(await strangers(path.join(work, 'run-1'), UID)).toEqual([]);
    expect(await strangers(cache, UID)).toEqual([]);
    expect((await readdir(path.join(work, 'run-1'))).sort()).toContain('in-module-0');
    const argv = await readFile(path.join(work, 'run-1/builtin-0/qemu.argv'), 'utf8');
    expect(argv).toContain('qemu-system-x86_64');
    const judged = await start(['judge', 'run-1', '--format', 'json']);
    expect(judged.exitCode, judged.stderr).toBe(0);
  });

  it('has no privilege and sees nothing but its folders; Ctrl-C ends it with 130', async () => {
    const running = start(['run', '--docker', '--trials', '100', '--out', 'interrupted']);
    await said(running, / 1\/\d+ /);
    const { HostConfig, Config, Mounts } = await (await runningContainer(docker)).inspect();
    expect(HostConfig).toMatchObject({
      Privileged: false,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      AutoRemove: true,
    });
    expect(Config.User).toBe(`${UID}:${UID}`);
    expect(
      Mounts.filter((mount) => mount.RW)
        .map((mount) => mount.Destination)
        .sort(),
    ).toEqual([cache, path.join(work, 'interrupted')]);
    running.kill('SIGINT');
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toMatch(
      /^dmrace: interrupted after \d+ trials; go on with dmrace run --docker --resume /m,
    );
    expect(await containers(docker)).toEqual([]);
    expect(await qemusOf(work)).toEqual([]);
  });

  it('ends and is removed when its client is killed with SIGKILL', async () => {
    const running = start(['run', '--docker', '--trials', '100', '--out', 'killed']);
    await said(running, / 1\/\d+ /);
    running.kill('SIGKILL');
    await running;
    await eventually('no container', async () => (await containers(docker)).length === 0, 120_000);
    expect(await qemusOf(work)).toEqual([]);
  });

  it.each([
    ['killed', (container: Docker.Container) => container.kill(), /signal 9, exit code 137/],
    ['stopped', (container: Docker.Container) => container.stop(), /signal 15, exit code 130/],
  ])('%s from outside is 128 and says so', async (name, act, words) => {
    const running = start(['run', '--docker', '--trials', '100', '--out', `outside-${name}`]);
    await said(running, / 1\/\d+ /);
    await act(await runningContainer(docker));
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(128);
    expect(stderr).toContain('the container was stopped from outside');
    expect(stderr).toMatch(words);
    expect(await containers(docker)).toEqual([]);
  });

  it('without memory is 128 and says so', async () => {
    const { exitCode, stderr } = await start(['run', '--docker', '--out', 'oom'], {
      DMRACE_DOCKER_MEMORY_MIB: '40',
    });
    expect(exitCode, stderr).toBe(128);
    expect(stderr).toMatch(/memory ran out \(OOM, exit code \d+\) \(limit: 40 MiB\)/);
    expect(await containers(docker)).toEqual([]);
    // How far it gets depends on what of its files is in memory already: what had begun to be a run
    // stays, the folder of one that had not goes.
    const left = await readdir(path.join(work, 'oom')).catch(() => null);
    expect(left === null || left.includes('run.json'), `${left}`).toBe(true);
  });

  it('passes wrong usage and its exit code on', async () => {
    const { exitCode, stderr } = await start(['run', '--docker', '--trials', 'many']);
    expect(exitCode, stderr).toBe(129);
    expect(stderr).toContain('--trials "many"');
  });

  it('removes what a dead client left, and leaves what a live one has', async () => {
    const [image] = await docker.listImages({ filters: { label: ['dmrace.image'] } });
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const { stdout: pidns } = await execa('readlink', ['/proc/self/ns/pid']);
    const { stdout: start1 } = await execa('awk', ['{print $22}', `/proc/${process.pid}/stat`]);
    const leave = (start: string): Promise<Docker.Container> =>
      docker.createContainer({
        Image: image?.Id ?? '',
        Labels: {
          'dmrace.owner': '1',
          'dmrace.owner.boot': boot,
          'dmrace.owner.pidns': pidns,
          'dmrace.owner.pid': String(process.pid),
          'dmrace.owner.start': start,
        },
      });
    const dead = await leave('1'); // the pid was somebody else's then
    const live = await leave(start1);
    const { exitCode, stderr } = await start(['doctor', '--docker']);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('docker: removed 1 left-over of killed clients');
    expect(await containers(docker)).toEqual([live.id]);
    expect(dead.id).not.toBe(live.id);
    await live.remove();
  });

  it('is chosen by itself where the host is not a Debian, with one line; not with --no-docker', async () => {
    const release = path.join(work, 'os-release');
    const run = (flag: string) =>
      execa(
        'unshare',
        [
          '-m',
          'sh',
          '-c',
          `printf 'ID=ubuntu\\nPRETTY_NAME="Ubuntu 24.04"\\n' >${release} && mount --bind ${release} /etc/os-release && exec "$@"`,
          'sh',
          ...['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'],
          ...[process.execPath, main],
          ...['kernel', 'fetch', ...(flag ? [flag] : [])],
        ],
        {
          reject: false,
          cwd: work,
          env: {
            DOCKER_HOST: `unix://${socket}`,
            DMRACE_CACHE_DIR: cache,
            DMRACE_DOCKER_BASE: 'dmrace-test-base:bookworm',
            DMRACE_DOCKER_NODE: 'dmrace-test-node:bookworm',
          },
        },
      );
    const away = await run('');
    expect(away.exitCode, away.stderr).toBe(0);
    expect(away.stderr).toMatch(
      /^dmrace: this machine is not a Debian \(Ubuntu 24\.04\), so this runs in a container of Docker \S+ \(--no-docker: here\)$/m,
    );
    const here = await run('--no-docker');
    expect(here.exitCode, here.stderr).toBe(0);
    expect(here.stderr).not.toContain('container');
    expect(here.stdout).toBe(away.stdout);
  });
});

/** Pids of QEMUs that use files below a folder: those of containers are seen from outside too. */
async function qemusOf(folder: string): Promise<string[]> {
  const { stdout } = await execa('pgrep', ['-f', `qemu-system.*${folder}`], { reject: false });
  return stdout.split('\n').filter(Boolean);
}
