// SPDX-License-Identifier: MIT
// Campaigns that something happens to: a VM killed, an interrupt, a split over machines, no memory.
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dmrace, eventually, MAIN, qemusOf } from '../support/command.js';

const Output = z.looseObject({
  verdict: z.string(),
  reasons: z.array(z.string()),
  placements: z.record(
    z.string(),
    z.looseObject({
      trials: z.number(),
      reached: z.number(),
      crashed: z.number(),
      lost: z.number(),
    }),
  ),
  trials: z.array(z.looseObject({ placement: z.string(), index: z.number(), outcome: z.string() })),
});
const read = (stdout: string): z.infer<typeof Output> => Output.parse(JSON.parse(stdout));

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});
const json = (name: string, ...args: string[]): string[] =>
  ['run', '--accel', 'tcg', '--jobs', '2', '--format', 'json'].concat(
    ['--out', path.join(work, name)],
    args,
  );

/** How many trials a run's ledger tells of. */
const ended = async (name: string): Promise<number> =>
  (await readFile(path.join(work, name, 'trials.jsonl'), 'utf8').catch(() => '')).split('\n')
    .length - 1;

it('a VM that is killed is a lost trial; the others go on', async () => {
  const run = dmrace(json('killed', '--placement', 'builtin', '--trials', '8'));
  await eventually('a trial has ended', async () => (await ended('killed')) > 0);
  // One that has just been started: an older one may have said its last word. Enough trials are
  // left for one to start after these are listed.
  const old = await qemusOf(run.pid);
  await eventually('a VM is started', async () => {
    const fresh = (await qemusOf(run.pid)).find((pid) => !old.includes(pid));
    if (fresh === undefined) return false;
    process.kill(fresh, 'SIGKILL');
    return true;
  });
  const result = await run;
  expect(result.exitCode, result.stderr).toBe(125);
  const { trials, placements } = read(result.stdout);
  expect(trials.length).toBe(8);
  expect(placements.builtin).toMatchObject({ trials: 8, reached: 7, crashed: 0, lost: 1 });
  expect(trials.filter((trial) => trial.outcome === 'survived').length).toBe(7);
});

describe('a campaign that is interrupted', () => {
  const trials = ['--trials', '3'];

  it('ends its VMs within 2 s, and what it has is whole and judged', async () => {
    const run = dmrace(json('interrupted', ...trials));
    await eventually('two trials have ended', async () => (await ended('interrupted')) >= 2);
    await eventually('a VM runs', async () => (await qemusOf(run.pid)).length > 0);
    const vms = await qemusOf(run.pid);
    run.kill('SIGINT');
    await eventually(
      'all VMs are gone',
      async () => {
        const left = await qemusOf(run.pid);
        return left.length === 0 && !vms.some((pid) => left.includes(pid));
      },
      2_000,
    );
    const result = await run;
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toContain(`--resume ${path.join(work, 'interrupted')}`);
    const judged = await dmrace(['judge', path.join(work, 'interrupted'), '--format', 'json']);
    expect(judged.exitCode, judged.stderr).toBe(125);
    const { trials: left, reasons } = read(judged.stdout);
    expect(left.length).toBe(await ended('interrupted'));
    for (const { placement, outcome } of left) {
      expect(outcome).toBe(placement === 'in-module' ? 'crashed' : 'survived');
    }
    expect(reasons.join()).toContain('interrupted');
  });

  it('goes on with --resume to the verdict of the whole', async () => {
    const before = await ended('interrupted');
    const folder = path.join(work, 'interrupted');
    const result = await dmrace(['run', '--resume', folder, '--jobs', '2', '--format', 'json']);
    expect(result.exitCode, result.stderr).toBe(0);
    const { verdict, placements } = read(result.stdout);
    expect(verdict).toBe('closed');
    expect(placements.builtin).toMatchObject({ trials: 3, reached: 3, crashed: 0, lost: 0 });
    expect(placements['in-module']).toMatchObject({ trials: 3, crashed: 3, lost: 0 });
    // Three of each, and one of as-compiled, because Debian's method jumps.
    expect(before).toBeLessThan(7);
    expect(await ended('interrupted')).toBe(7);
  });

  it('has the verdict of one that was split and merged', async () => {
    for (const shard of ['1/2', '2/2']) {
      const part = await dmrace(json(`shard-${shard[0]}`, '--shard', shard, ...trials));
      expect(part.exitCode, part.stderr).toBe(0);
    }
    const merged = await dmrace(
      ['merge', path.join(work, 'shard-1'), path.join(work, 'shard-2')].concat(
        ['--out', path.join(work, 'whole')],
        ['--format', 'json'],
      ),
    );
    const whole = await dmrace(['judge', path.join(work, 'interrupted'), '--format', 'json']);
    expect(merged.exitCode, merged.stderr).toBe(whole.exitCode);
    const [one, other] = [read(merged.stdout), read(whole.stdout)];
    expect(one.verdict).toBe(other.verdict);
    const counts = ({ placements }: typeof one) =>
      // One of as-compiled goes along with each shard.
      (['builtin', 'in-module'] as const).map((name) => {
        const of = placements[name];
        return [name, of?.trials, of?.reached, of?.crashed];
      });
    expect(counts(one)).toEqual(counts(other));
  });
});

/** A memory cgroup with a limit, of either version; null with the reason where there is none. */
async function limited(bytes: number): Promise<{ folder: string } | { why: string }> {
  for (const [root, limit] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const folder = path.join(root, `dmrace-test-${process.pid}`);
    try {
      await mkdir(folder);
      await writeFile(path.join(folder, limit), String(bytes));
      return { folder };
    } catch {
      await rmdir(folder).catch(() => undefined);
    }
  }
  return { why: 'no memory cgroup can be made here' };
}

it('more jobs than memory allows are lowered, and one line says so', async (context) => {
  const cgroup = await limited(900 << 20);
  if ('why' in cgroup) return context.skip(cgroup.why);
  try {
    const args = json('small', '--placement', 'builtin', '--trials', '4', '--jobs', '8');
    const enter = 'echo $$ >"$0/cgroup.procs" && exec "$@"';
    const result = await execa(
      'sh',
      ['-c', enter, cgroup.folder, process.execPath, MAIN, ...args],
      { reject: false, env: { DMRACE_DOCKER: 'never' } },
    );
    expect(result.exitCode, result.stderr).toBe(125);
    expect(result.stderr).toMatch(/jobs lowered from 4 to [12]: \d+ MiB of memory are free/);
    expect(read(result.stdout).placements.builtin).toMatchObject({
      trials: 4,
      reached: 4,
      lost: 0,
    });
  } finally {
    await eventually(
      'the cgroup is empty',
      () =>
        rmdir(cgroup.folder).then(
          () => true,
          () => false,
        ),
      10_000,
    );
  }
});
