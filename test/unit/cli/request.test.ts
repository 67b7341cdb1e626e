// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openResumed } from '../../../harness/campaign/resume.js';
import { RunOptions } from '../../../harness/cli/options.js';
import { placementsOf, resumedOptions, runRequest } from '../../../harness/cli/request.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { RunNote } from '../../../harness/runs/run-note.js';

const NOTE = RunNote.parse({
  schema: 1,
  dmrace: '0.1.0',
  startedAt: '2026-11-24T00:00:00Z',
  scenario: 'disk-release',
  trials: 7,
  placements: ['builtin'],
  kernel: {
    spec: 'src:/linux',
    release: '6.1.0',
    arch: 'x86_64',
    preempt: 'PREEMPT',
    configSha256: '00',
    version: '6.1',
  },
  accel: 'tcg',
  codes: {},
  seed: 3,
  profile: 'base,kasan',
});

let root: string;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-request-'));
  const directory = await RunDirectory.create(root);
  await directory.writeNote(NOTE);
  await directory[Symbol.asyncDispose]();
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** As if these options had been given, whatever their values. */
async function resume(given: Partial<RunOptions>): Promise<RunOptions> {
  const resumed = await openResumed(root);
  try {
    return resumedOptions(
      {
        options: RunOptions.parse(given),
        given: new Set(Object.keys(given) as (keyof RunOptions)[]),
      },
      resumed,
    );
  } finally {
    await resumed.directory[Symbol.asyncDispose]();
  }
}

describe('dumps', () => {
  const asked = async (): Promise<boolean> => (await resume({})).dump;

  it('are made by a resumed run that began with them, and by one that is given them now', async () => {
    expect(await asked()).toBe(false);
    expect((await resume({ dump: true })).dump).toBe(true);
    const directory = await RunDirectory.open(root);
    await directory.own();
    await directory.writeNote({ ...NOTE, dump: true });
    await directory[Symbol.asyncDispose]();
    expect(await asked()).toBe(true);
  });

  it('are asked of the trials', async () => {
    expect((await runRequest(RunOptions.parse({ dump: true }), null)).dump).toBe(true);
    expect(await runRequest(RunOptions.parse({}), null)).not.toHaveProperty('dump');
  });
});

describe('a resumed run', () => {
  it('has its own options, and how to run and print from now', async () => {
    const options = await resume({ jobs: 3, quiet: true });
    expect(options).toMatchObject({
      kernel: 'src:/linux',
      profile: 'base,kasan',
      scenario: 'disk-release',
      trials: 7,
      seed: 3,
      placement: 'builtin',
      accel: 'tcg',
      jobs: 3,
      quiet: true,
    });
  });

  it.each([
    [
      { scenario: 'release' },
      '--scenario release with --resume: the run has scenario disk-release',
    ],
    [{ kernel: 'debian' }, 'the run has kernel src:/linux'],
    [{ seed: 1 }, 'the run has seed 3'],
    [{ trials: 5 }, 'the run has trials 7'],
    [{ placement: 'both' }, '--placement both with --resume: the run has placement builtin'],
    [{ placement: 'in-module' }, 'the run has placement builtin'],
    [{ profile: 'base' }, 'the run has profile base,kasan'],
    [{ config: 'other' }, 'the run has config (none)'],
    [{ allModules: true }, 'the run has all-modules false'],
    [{ accel: 'kvm' }, 'the run has accel tcg'],
    [{ deterministic: true }, 'the run has deterministic false'],
    [{ out: 'elsewhere' }, '--out elsewhere cannot be given'],
    [{ shard: '1/2' }, '--shard 1/2 cannot be given'],
  ] as const)('refuses %j, a default among them', async (given, said) => {
    await expect(resume(given)).rejects.toThrow(said);
  });

  it.each([
    { scenario: 'disk-release' },
    { placement: 'builtin' },
    { accel: 'auto' },
    { profile: 'base,kasan' },
  ] as const)('takes %j, which is its own', async (given) => {
    await expect(resume(given)).resolves.toBeDefined();
  });
});

describe('what the options of a run ask', () => {
  const ask = (given: Readonly<Record<string, unknown>>) =>
    runRequest(RunOptions.parse(given), null);

  it('is the scenario’s where nothing is said', async () => {
    expect(await ask({ scenario: 'disk-release' })).toMatchObject({
      scenario: { name: 'disk-release' },
      placements: ['builtin', 'planted', 'planted-twin'],
      trials: 5,
      durationMs: null,
      stopOn: [],
      shard: null,
      known: null,
      out: null,
    });
    expect(await ask({ scenario: 'delayed-release' })).toMatchObject({ stopOn: ['both'] });
    expect(await ask({ scenario: 'churn' })).toMatchObject({ trials: 1, durationMs: 30_000 });
  });

  it('is what was said', async () => {
    const request = await ask({
      ...{ kernel: 'src:/linux', trials: 9, seed: 4, placement: 'in-module', profile: 'base' },
    });
    expect(request).toMatchObject({ trials: 9, seed: 4, profile: 'base' });
    expect(request.placements).toEqual(['in-module']);
    expect(await ask({ scenario: 'churn', duration: '2m' })).toMatchObject({ durationMs: 120_000 });
  });

  it.each([
    [{ duration: '2m' }, /--duration with --scenario release/],
    [{ deterministic: true, accel: 'kvm' }, /--deterministic with --accel kvm/],
    [{ scenario: 'sweep' }, /--scenario sweep: there is no such scenario/],
  ] as const)('is refused for %j', async (given, said) => {
    await expect(ask(given)).rejects.toThrow(said);
  });

  it('of a resumed run keeps its known issues and its shard', async () => {
    const shard = { number: 2, of: 3 };
    const known = [
      {
        cause: 'other' as const,
        function: 'f',
        kernel: { from: null, to: null },
        reference: 'https://example.org/1',
      },
    ];
    await (await RunDirectory.open(root)).writeNote({ ...NOTE, shard, known });
    const options = { ...RunOptions.parse({}), ...(await resume({})) };
    const resumed = await openResumed(root);
    expect(await runRequest(options, resumed)).toMatchObject({ shard, known });
    await resumed.directory[Symbol.asyncDispose]();
  });

  it('names placements: those asked for, both, or the usual ones', () => {
    expect(placementsOf({}, ['builtin'])).toEqual(['builtin']);
    expect(placementsOf({ placement: 'both' }, ['builtin'])).toEqual(['builtin', 'in-module']);
    expect(placementsOf({ placement: 'in-module' }, ['builtin'])).toEqual(['in-module']);
  });
});
