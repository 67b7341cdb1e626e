// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { measureBoot } from './boot.js';
import { measureCampaign } from './campaign.js';
import { measureFresh } from './fresh.js';
import { measureOthers } from './others.js';
import { page } from './page.js';
import { Results } from './results.js';
import { say } from './rig.js';
import { measureStart } from './start.js';
import { measureStartup } from './startup.js';
import { measureTrial } from './trial.js';

const PARTS = ['startup', 'start', 'trial', 'boot', 'others', 'campaign', 'console'] as const;
/** Measured only where it is asked for: it wants root, mmdebstrap and some minutes of the network. */
const APART = ['fresh'] as const;
const USAGE = `npm run bench -- [--repeats N] [--trials N] [--only PART,...] [--page]
  --repeats  how often what is shown as a median is measured (default: 10)
  --trials   length of the long campaign (default: 1000)
  --only     of ${[...PARTS, ...APART].join(', ')}; the other parts stay as they were measured last
  --than     with --only fresh: another commit to measure in the same minutes
  --page     measure nothing, write docs/performance.md from bench/results.json
`;

async function machine(root: string): Promise<Results['machine']> {
  const said = async (file: string, args: readonly string[]): Promise<string> =>
    (await execa(file, args, { cwd: root })).stdout.split('\n')[0] ?? '';
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return {
    measuredAt: new Date().toISOString(),
    commit: await said('git', ['rev-parse', '--short', 'HEAD']).catch(() => 'unknown'),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / (1 << 20)),
    system: `${/^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? 'unknown'}, Linux ${await said('uname', ['-r'])}`,
    node: process.version,
    qemu: await said('qemu-system-x86_64', ['--version']),
    accel: 'tcg',
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** The whole of `npm run bench`; returns the exit code. */
export async function main(root: string, argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      repeats: { type: 'string', default: '10' },
      trials: { type: 'string', default: '1000' },
      only: { type: 'string', default: PARTS.join(',') },
      than: { type: 'string', default: '' },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const data = path.join(root, 'bench/results.json');
  const text = await readFile(data, 'utf8').catch(() => null);
  let results = text === null ? null : Results.parse(JSON.parse(text));
  if (!values.page) {
    const only = new Set(values.only.split(','));
    results = await measure(
      root,
      data,
      results,
      only,
      Number(values.repeats),
      Number(values.trials),
      values.than,
    );
  }
  if (!results) {
    say(`nothing was measured yet\n${USAGE}`);
    return 129;
  }
  await writeFile(path.join(root, 'docs/performance.md'), page(results));
  return 0;
}

async function measure(
  root: string,
  data: string,
  before: Results | null,
  only: ReadonlySet<string>,
  repeats: number,
  trials: number,
  than: string,
): Promise<Results> {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupt.abort());
  const { signal } = interrupt;
  const program = path.join(root, 'dist/main.js');
  const work = await mkdtemp(path.join(tmpdir(), 'dmrace-bench-'));
  const source =
    only.has('boot') || only.has('others')
      ? (
          await execa(process.execPath, [program, 'kernel', 'fetch', '--source', 'debian:6.12'])
        ).stdout.trim()
      : '';
  let results: Results = { ...before, machine: await machine(root) };
  // What is measured is kept at once: a later part that fails takes nothing with it.
  const part = async (name: string, work: () => Promise<Partial<Results>>): Promise<void> => {
    if (!only.has(name)) return;
    const began = performance.now();
    results = { ...results, ...(await work()) };
    await writeFile(data, `${JSON.stringify(rounded(results))}\n`);
    say(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  };
  try {
    await part('fresh', async () => ({ fresh: await measureFresh(root, than, signal) }));
    await part('startup', async () => ({
      startup: await measureStartup(program, work, repeats, signal),
    }));
    await part('start', async () => ({
      start: await measureStart(program, work, repeats, signal),
    }));
    await part('trial', async () => ({ trial: await measureTrial(repeats, signal) }));
    await part('boot', async () => ({ boot: await measureBoot(source, repeats, signal) }));
    await part('others', async () => ({
      others: await measureOthers(root, source, work, repeats, signal),
    }));
    await part('campaign', async () => ({
      campaign: await measureCampaign(program, work, trials, signal),
    }));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  if (only.has('console')) {
    const vitest = ['node_modules/vitest/vitest.mjs', 'bench', '--run', '--project', 'unit'];
    spawnSync(process.execPath, vitest, { cwd: root, stdio: ['ignore', 2, 2] });
  }
  return results;
}

/** Tenths are more than the clock is good for. */
const rounded = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'number' ? Math.round(item * 100) / 100 : item,
    ),
  );
