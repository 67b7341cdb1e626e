// SPDX-License-Identifier: MIT
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerLine, NO_LINES } from '../../../harness/runs/ledger.js';
import { chosen, readRecorded } from '../../../harness/runs/recorded.js';
import { RUNS } from '../../support/runs.js';
import { result } from '../judge/support.js';

let folder: string;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'dmrace-recorded-')), 'run');
  await cp(RUNS.release, folder, { recursive: true });
});
afterEach(async () => {
  await rm(path.dirname(folder), { recursive: true });
});

const PLAN = {
  recipe: 'release-return',
  placement: 'builtin',
  index: 7,
  seed: 8,
  nonce: '0'.repeat(32),
  scenario: 'release',
} as const;

describe('recorded trials', () => {
  it('of a saved run have what their files and result.json say', async () => {
    const { trials } = await readRecorded(folder);
    expect(trials.map(({ trial }) => trial)).toEqual(['builtin-0', 'in-module-0']);
    expect(trials[1]?.records.map(({ from, side }) => [from, side.outcome])).toEqual([
      ['its files', 'crashed'],
      ['result.json', 'crashed'],
    ]);
    expect(trials.flatMap(({ damage }) => damage)).toEqual([]);
  });

  it('whose files were not kept have their line alone', async () => {
    const entry = { plan: PLAN, kept: false, result: result({ index: 7, seed: 8 }) };
    const { line } = ledgerLine(entry, NO_LINES);
    await writeFile(path.join(folder, 'trials.jsonl'), `${line}\n`);
    const [only] = chosen(await readRecorded(folder), '7');
    expect(only).toMatchObject({ trial: 'builtin-7', plan: PLAN, files: null });
  });

  it('that were edited are damaged, and still known', async () => {
    await appendFile(path.join(folder, 'in-module-0', 'console.log'), 'more\n');
    const note = path.join(folder, 'in-module-0', 'trial.json');
    const value = JSON.parse(await readFile(note, 'utf8'));
    value.seals = { 'console.log': { bytes: 1, sha256: '0'.repeat(64) } };
    await writeFile(note, JSON.stringify(value));
    const [only] = chosen(await readRecorded(folder), 'in-module-0');
    expect(only?.damage.join()).toContain('console.log was changed after the run');
  });

  it('are chosen by number in each placement, or by name', async () => {
    const run = await readRecorded(folder);
    const names = (name?: string): string[] => chosen(run, name).map(({ trial }) => trial);
    expect(names()).toEqual(['builtin-0', 'in-module-0']);
    expect(names('0')).toEqual(['builtin-0', 'in-module-0']);
    expect(names('in-module-0')).toEqual(['in-module-0']);
    expect(() => names('3')).toThrow(/--trial 3: .*builtin-0, in-module-0/s);
    expect(() => names('0x0')).toThrow(/no such trial/);
  });
});
