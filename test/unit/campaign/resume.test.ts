// SPDX-License-Identifier: MIT
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goOn, openResumed, type Resumed } from '../../../harness/campaign/resume.js';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { type TrialResult, trialName } from '../../../harness/model/trial.js';
import { type LedgerEntry, readLedger } from '../../../harness/runs/ledger.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { RunNote } from '../../../harness/runs/run-note.js';
import { capture, capturePlan } from '../judge/support.js';
import { ledgerText } from '../runs/support.js';

const NOTE = RunNote.parse({
  schema: 1,
  dmrace: '0.1.0',
  startedAt: '2026-11-24T00:00:00Z',
  scenario: 'release',
  trials: 7,
  placements: ['builtin', 'in-module'],
  kernel: {
    spec: 'src:/linux',
    release: '6.1.0-56-cloud-amd64',
    arch: 'x86_64',
    preempt: 'PREEMPT',
    configSha256: '00',
    version: '6.1',
  },
  accel: 'tcg',
  codes: {},
  seed: 1,
  profile: 'base,kasan',
});

let root: string;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-resume-'));
  const directory = await RunDirectory.create(root);
  await directory.writeNote(NOTE);
  await directory[Symbol.asyncDispose]();
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const owned = (resumed: Resumed) => ({
  resumed,
  [Symbol.asyncDispose]: () => resumed.directory[Symbol.asyncDispose](),
});

/** Opens a run, makes it ready, and gives it up. */
async function goOnWith(folder: string): Promise<readonly TrialResult[]> {
  await using place = owned(await openResumed(folder));
  return await goOn(place.resumed);
}

const rewrite = async (changes: Partial<RunNote>): Promise<void> => {
  const directory = await RunDirectory.open(root);
  await directory.writeNote({ ...NOTE, ...changes });
};

describe('a run that is to go on', () => {
  it('has its note and the time when it began', async () => {
    await using place = await openResumed(root).then(owned);
    const { resumed } = place;
    expect(resumed).toMatchObject({ note: NOTE, startedAt: NOTE.startedAt });
    expect(resumed.directory.root).toBe(root);
    expect(await goOn(resumed)).toEqual([]);
  });

  it.each([
    [{ seed: undefined }, /kept no seed in run\.json/],
    [{ replayOf: '/runs/1' }, /it is a replay of trials of \/runs\/1/],
    [{ sweep: true }, /it is a sweep/],
    [{ parts: ['a', 'b'] }, /it was merged from shards/],
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
      plan: { ...capturePlan('in-module'), index, seed: 1 + index, nonce: nonceOf(index) },
      kept,
      result: { ...judgeTrial(files), index, seed: 1 + index },
    };
  };
  const nonceOf = (index: number): string => `${index}`.padEnd(32, '0');
  const ledger = (): string => path.join(root, 'trials.jsonl');
  const builtin = () => capture('builtin');

  it('is what its lines tell of, without a torn one', async () => {
    const whole = ledgerText(entry(0), entry(1));
    writeFileSync(ledger(), ledgerText(entry(0), entry(1), entry(2)).slice(0, -9));
    const trials = await goOnWith(root);
    expect(trials.map(trialName)).toEqual(['in-module-0', 'in-module-1']);
    const { entries, ...rest } = readLedger(readFileSync(ledger(), 'utf8'));
    expect(entries).toEqual(readLedger(whole).entries);
    expect(rest).toMatchObject({ problems: [], torn: false, end: { lines: 2 } });
  });

  it('is a whole trial, too, whose line the kill forestalled: it gets its line', async () => {
    const directory = await RunDirectory.open(root);
    await directory.writeTrial(builtin(), 'qemu');
    expect((await goOnWith(root)).map(trialName)).toEqual(['builtin-0']);
    const { entries } = readLedger(readFileSync(ledger(), 'utf8'));
    expect(entries.map(({ plan, kept }) => [trialName(plan), kept])).toEqual([['builtin-0', true]]);
  });

  it('is no folder that was being written: it is dropped, and its trial run again', async () => {
    const directory = await RunDirectory.open(root);
    await directory.writeTrial(builtin(), 'qemu');
    rmSync(path.join(root, 'builtin-0', 'trial.json'));
    expect(await goOnWith(root)).toEqual([]);
    expect(await directory.trialNames()).toEqual([]);
  });

  it.each<[string, () => Promise<void> | void, RegExp]>([
    [
      'a line was changed',
      () => writeFileSync(ledger(), `x${ledgerText(entry(0)).slice(1)}`),
      /trials\.jsonl line 1 is damaged/,
    ],
    [
      'a line is gone',
      () => writeFileSync(ledger(), ledgerText(entry(0), entry(1)).replace(/^.*\n/, '')),
      /a line is missing before line 1/,
    ],
    [
      'files were changed',
      async () => {
        await (await RunDirectory.open(root)).writeTrial(builtin(), 'qemu');
        appendFileSync(path.join(root, 'builtin-0', 'console.log'), 'x');
      },
      /console\.log was changed after the run/,
    ],
    [
      'kept files are gone',
      () => writeFileSync(ledger(), ledgerText(entry(0, true))),
      /its files were kept and are gone/,
    ],
    [
      'the trial that was being written shows a crash',
      async () => {
        await (await RunDirectory.open(root)).writeTrial(capture('in-module'), 'qemu');
        rmSync(path.join(root, 'in-module-0', 'trial.json'));
      },
      /its console shows a crash: BUG: /,
    ],
  ])('is nothing when %s: a kill does not explain that', async (_, damage, said) => {
    await damage();
    const before = readdirSync(root, { recursive: true });
    await expect(goOnWith(root)).rejects.toThrow(said);
    expect(readdirSync(root, { recursive: true })).toEqual(before);
  });
});
