// SPDX-License-Identifier: MIT
// A campaign of 8 shards on a real Slurm, with the script of docs/scale.md. One shard is killed and
// requeued.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { assets } from '../../harness/util/assets.js';
import { jobState, type Slurm, scriptOf, startSlurm } from '../support/cluster/slurm.js';
import { dmrace, eventually, MAIN } from '../support/command.js';

const SHARDS = Array.from({ length: 8 }, (_, index) => index);
/** Trials of each placement: 4 for each shard. */
const TRIALS = 32;
/** The shard that is killed. */
const VICTIM = 3;
const MINUTES = 60_000;

let folder: string;
let slurm: Slurm;
const at = (...names: string[]): string => path.join(folder, ...names);
const shard = (index: number): string => at(`shard-${index}`);
const text = (...names: string[]): Promise<string> =>
  readFile(path.join(...names), 'utf8').catch(() => '');

const Note = z.object({
  startedAt: z.string(),
  shard: z.object({ number: z.number(), of: z.number() }),
  end: z.object({ how: z.string() }).optional(),
});
const noteOf = async (index: number): Promise<z.infer<typeof Note>> =>
  Note.parse(JSON.parse(await text(shard(index), 'run.json')));
const Whole = z.object({
  verdict: z.string(),
  trials: z.array(z.object({ placement: z.string(), index: z.number() })),
});

/** Pids of everything whose command line or folder of work is in ours. */
async function ours(): Promise<{ pid: number; line: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid,
      line: (await text(`/proc/${pid}/cmdline`)).replaceAll('\0', ' '),
    })),
  );
  return all.filter(({ pid, line }) => pid !== process.pid && line.includes(folder));
}

/** The process that runs a shard; a child of it that is about to be QEMU looks the same. */
async function runner(index: number): Promise<{ pid: number }> {
  const found = (await ours()).filter(
    ({ line }) =>
      line.startsWith(`${process.execPath} ${MAIN} run `) && line.includes(`shard-${index} `),
  );
  const parents = await Promise.all(
    found.map(async ({ pid }) => {
      const stat = await text(`/proc/${pid}/stat`);
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  const first = found.find((_, at) => !found.some(({ pid }) => pid === parents[at]));
  if (!first) throw new Error(`no process runs shard ${index}: ${JSON.stringify(await ours())}`);
  return first;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-slurm-'));
  await mkdir(at('bin'));
  const wrapper = `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`;
  await writeFile(at('bin', 'dmrace'), wrapper, { mode: 0o755 });
  slurm = await startSlurm(folder, SHARDS.length, {
    PATH: `${at('bin')}:${process.env.PATH}`,
    DMRACE_DOCKER: 'never',
  });
});
afterAll(async () => {
  await slurm?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

it(
  'an array of 8 shards is one campaign; the shard that is killed and requeued goes on in its folder',
  async () => {
    const page = await scriptOf(assets('docs/scale.md'), '#SBATCH --array=0-7');
    expect(page).toContain('--trials 10000');
    const script = page.replace('--trials 10000', `--trials ${TRIALS}`);
    await writeFile(at('campaign.sh'), script, { mode: 0o755 });
    const job = (await slurm.ask('sbatch', '--parsable', 'campaign.sh')).trim();

    // It has some trials behind it and one under way.
    const task = `${job}_${VICTIM}`;
    await eventually(
      'the shard that will be killed has a trial',
      async () => {
        const log = await text(at(`slurm-${task}.out`));
        if (!(await ours()).some(({ line }) => line.includes('main.js run'))) {
          const state = await jobState(slurm, task);
          if (state === 'FAILED') throw new Error(log);
        }
        return (await text(shard(VICTIM), 'trials.jsonl')).includes('\n');
      },
      8 * MINUTES,
    );
    const { pid } = await runner(VICTIM);
    process.kill(pid, 'SIGKILL');
    await eventually('the shard’s job has failed', async () =>
      (await jobState(slurm, task)).startsWith('FAILED'),
    );
    const before = await text(shard(VICTIM), 'trials.jsonl');
    const begun = await noteOf(VICTIM);
    expect(begun.end).toBeUndefined();
    await slurm.ask('scontrol', 'requeue', task);

    await eventually(
      'all shards have ended',
      async () => (await slurm.ask('squeue', '-h')) === '',
      12 * MINUTES,
    );
    for (const index of SHARDS) {
      const log = await text(at(`slurm-${job}_${index}.out`));
      const note = await noteOf(index);
      expect(note.shard, log).toEqual({ number: index + 1, of: SHARDS.length });
      expect(note.end, log).toEqual({ how: 'complete' });
    }
    expect((await noteOf(VICTIM)).startedAt).toBe(begun.startedAt);
    const after = await text(shard(VICTIM), 'trials.jsonl');
    const whole = before.slice(0, before.lastIndexOf('\n') + 1);
    expect(after.startsWith(whole)).toBe(true);
    // Every shard asks with one trial as-compiled which of compiler and placement closed the race.
    expect(after.trim().split('\n')).toHaveLength((2 * TRIALS) / SHARDS.length + 1);

    const merged = await dmrace([
      ...['merge', ...SHARDS.map(shard), '--out', at('whole'), '--format', 'json'],
    ]);
    expect(merged.exitCode, merged.stderr).toBe(0);
    const { verdict, trials } = Whole.parse(JSON.parse(merged.stdout));
    expect(verdict).toBe('closed');
    const of = (name: string): number =>
      new Set(trials.filter(({ placement }) => placement === name).map(({ index }) => index)).size;
    expect(['builtin', 'in-module', 'as-compiled'].map(of)).toEqual([
      TRIALS,
      TRIALS,
      SHARDS.length,
    ]);
    expect((await dmrace(['judge', at('whole')])).exitCode).toBe(0);
  },
  14 * MINUTES,
);

it('a job that is one of a smaller array is refused, with 129', async () => {
  const script = '#!/bin/sh\ndmrace run --shard index/8 --out alone || echo "code $?"\n';
  await writeFile(at('alone.sh'), script, { mode: 0o755 });
  const job = await slurm.ask('sbatch', '--parsable', '--wait', '--array=3', 'alone.sh');
  const log = await text(at(`slurm-${job.trim()}_3.out`));
  expect(log).toContain('--shard index/8 with SLURM_ARRAY_TASK_COUNT=1 is no shard');
  expect(log).toContain('code 129');
}, 300_000);

it('what was started ends with it', async () => {
  await slurm[Symbol.asyncDispose]();
  await eventually('nothing of it runs', async () => (await ours()).length === 0);
});
