// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goOn, openResumed } from '../../../harness/campaign/resume.js';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { type LedgerEntry, ledgerLine, readLedger } from '../../../harness/runs/ledger.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { RunNote } from '../../../harness/runs/run-note.js';
import { capture, capturePlan } from '../judge/support.js';

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
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-resume-'));
  await (await RunDirectory.create(root)).writeNote(NOTE);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const rewrite = async (changes: Partial<RunNote>): Promise<void> => {
  const directory = await RunDirectory.open(root);
  await directory.writeNote({ ...NOTE, ...changes });
};

describe('a run that is to go on', () => {
  it('has its note and the time when it began', async () => {
    const resumed = await openResumed(root);
    expect(resumed).toMatchObject({ note: NOTE, startedAt: NOTE.startedAt });
    expect(resumed.directory.root).toBe(root);
    expect(await goOn(resumed)).toEqual([]);
  });

  it.each([
    [{ seed: undefined }, /kept no seed in run\.json/],
    [{ replayOf: '/runs/1' }, /it is a replay of trials of \/runs\/1/],
  ])('is none with %j', async (changes, said) => {
    await rewrite(changes);
    await expect(openResumed(root)).rejects.toThrow(said);
    await expect(openResumed(root)).rejects.toMatchObject({ code: 'usage' });
  });

  it('is none with a run.json that is damaged', async () => {
    writeFileSync(path.join(root, 'run.json'), '{"schema":1}');
    await expect(openResumed(root)).rejects.toMatchObject({ code: 'inconclusive' });
  });
});

describe('what counts of a run that goes on', () => {
  const entry = (index: number, kept = false): LedgerEntry => {
    const files = capture('in-module');
    return {
      plan: { ...capturePlan('in-module'), index },
      kept,
      result: { ...judgeTrial(files), index },
    };
  };
  const ledger = (): string => path.join(root, 'trials.jsonl');

  it('is what its lines tell of: a torn line is dropped, folders without one too', async () => {
    const directory = await RunDirectory.open(root);
    await directory.writeTrial(capture('in-module'), 'qemu');
    await directory.writeEntry(entry(0, true));
    await directory.writeEntry(entry(1));
    const whole = readFileSync(ledger(), 'utf8');
    writeFileSync(ledger(), `${whole}${ledgerLine(entry(2)).slice(0, -9)}`);
    await directory.writeTrial(capture('builtin'), 'qemu');
    const trials = await goOn(await openResumed(root));
    expect(trials.map(({ placement, index }) => `${placement}-${index}`)).toEqual([
      'in-module-0',
      'in-module-1',
    ]);
    expect(readLedger(readFileSync(ledger(), 'utf8'))).toEqual(readLedger(whole));
    expect(await directory.trialNames()).toEqual(['in-module-0']);
  });

  it('is nothing when a line was changed', async () => {
    writeFileSync(ledger(), `x${ledgerLine(entry(0)).slice(1)}\n`);
    await expect(openResumed(root).then(goOn)).rejects.toThrow(/trials\.jsonl line 1 is damaged/);
  });
});
