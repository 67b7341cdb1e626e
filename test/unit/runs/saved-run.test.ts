// SPDX-License-Identifier: MIT
// Run directories of older versions, and what is left of a damaged one.
import { cp, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noteOf, notesOf, readSavedRun } from '../../../harness/runs/saved-run.js';
import { RUNS } from '../../support/runs.js';

describe('a run directory of commit 7cff26d', () => {
  it('of release is still closed, with all steps', async () => {
    const { result } = await readSavedRun(RUNS.release);
    expect(result.verdict).toBe('closed');
    expect(result.exitCode).toBe(0);
    for (const trial of result.trials) expect(trial.steps).toHaveLength(10);
    expect(result.placements.builtin).toMatchObject({ reached: 1, crashed: 0, tailCall: true });
    expect(result.placements['in-module']).toMatchObject({ crashed: 1, tailCall: false });
    expect(result.trials[1]?.findings[0]?.resolved).toBe(
      'dm_kobject_release+0xe [unloaded dm_mod]',
    );
  });

  it('of disk-release is still open', async () => {
    const { result } = await readSavedRun(RUNS['disk-release']);
    expect(result.verdict).toBe('open');
    expect(result.exitCode).toBe(1);
    expect(result.trials[0]?.findings[0]?.resolvedFault).toBe('dm_blk_dops+0x58 [unloaded dm_mod]');
  });
});

describe('a damaged run directory', () => {
  let folder: string;
  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'dmrace-damaged-')), 'run');
    await cp(RUNS.release, folder, { recursive: true });
  });
  afterEach(async () => {
    await rm(path.dirname(folder), { recursive: true });
  });

  const files = ['console.log', 'ready-records.jsonl', 'records.jsonl', 'trace.txt', 'trial.json'];
  const trials = ['builtin-0', 'in-module-0'];

  it.each(trials.flatMap((trial) => files.map((file) => path.join(trial, file))))(
    'is never closed without %s, and the file is named',
    async (file) => {
      await rm(path.join(folder, file));
      const { result } = await readSavedRun(folder);
      expect(result.verdict).toBe('inconclusive');
      expect(result.reasons[0]).toContain(path.dirname(file));
      expect(result.reasons[0]).toContain(path.basename(file));
      expect(result.trials).toHaveLength(1);
    },
  );

  it.each(
    trials.flatMap((trial) =>
      ['ready-records.jsonl', 'records.jsonl', 'trace.txt', 'trial.json'].map((file) =>
        path.join(trial, file),
      ),
    ),
  )('is never closed when %s is cut in half', async (file) => {
    const { size } = await import('node:fs/promises').then((fs) =>
      fs.stat(path.join(folder, file)),
    );
    await truncate(path.join(folder, file), Math.floor(size / 2));
    expect((await readSavedRun(folder)).result.verdict).toBe('inconclusive');
  });

  it('a trial of another name is not counted', async () => {
    await cp(path.join(folder, 'builtin-0'), path.join(folder, 'builtin-1'), { recursive: true });
    const { result } = await readSavedRun(folder);
    expect(result.verdict).toBe('inconclusive');
    expect(result.reasons.join()).toContain('builtin-1');
  });

  it('a damaged run.json is named with what is wrong in it', async () => {
    await writeFile(path.join(folder, 'run.json'), '{"schema":1}');
    const saved = await readSavedRun(folder);
    expect(() => noteOf(saved)).toThrow(/run\.json is damaged.*scenario/s);
    expect(saved.note).toMatchObject({ code: 'inconclusive', kind: 'run-damaged' });
    expect(saved.result).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
    expect(saved.result.reasons[0]).toMatch(/^run\.json is damaged.*scenario/s);
  });
});

it('a run’s notes tell of patience, and of saved guests that were made again', async () => {
  const note = noteOf(await readSavedRun(RUNS.release));
  expect(notesOf(note, 0, 2)).toEqual([]);
  expect(notesOf({ ...note, patience: 1 }, 0, 2)).toEqual([]);
  const why = 'the saved guest ended before it acknowledged its trial: QEMU ended with exit code 0';
  expect(notesOf({ ...note, patience: 3, remade: { builtin: why } }, 0, 2)).toEqual([
    'patience 3: every deadline was multiplied by it',
    `builtin: the saved guest was made again once: ${why}`,
  ]);
});
