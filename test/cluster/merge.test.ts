// SPDX-License-Identifier: MIT
// What it costs to put 8 shards of 10,000 lines together. The lines and the folders that are kept
// are written by the program's own writers, of the two real trials of a fixture.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { newNonce } from '../../harness/campaign/plan.js';
import { Retention } from '../../harness/runs/ledger.js';
import { RunDirectory } from '../../harness/runs/run-directory.js';
import type { RunNote } from '../../harness/runs/run-note.js';
import { noteOf, readSavedRun } from '../../harness/runs/saved-run.js';
import { isMine } from '../../harness/runs/shard.js';
import { assets } from '../../harness/util/assets.js';
import { MAIN } from '../support/command.js';

const SHARDS = 8;
/** Of each placement: two lines for each index. */
const TRIALS = 5000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-merge-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function writeShard(number: number): Promise<string> {
  const saved = await readSavedRun(assets('test/fixtures/run-directories/release'));
  const shard = { number, of: SHARDS };
  await using directory = await RunDirectory.create(path.join(folder, `shard-${number}`));
  const note: RunNote = {
    ...noteOf(saved),
    trials: TRIALS,
    seed: 1,
    shard,
    end: { how: 'complete' },
  };
  await directory.writeNote(note);
  const retention = new Retention();
  const entries = [];
  for (let index = 0; index < TRIALS; index++) {
    if (!isMine({ index }, shard)) continue;
    for (const { files, result } of saved.counted.whole) {
      const seed = 1 + index;
      const nonce = newNonce();
      const plan = { ...files.note.plan, index, seed, nonce };
      const judged = { ...result, index, seed };
      const kept = retention.keeps(judged);
      entries.push({ plan, kept, result: judged });
      if (!kept) continue;
      // The guest tells its seed and its nonce in what it wrote.
      const renamed = (text: string): string => text.replaceAll(files.note.plan.nonce, nonce);
      await directory.writeTrial(
        {
          ...files,
          console: Buffer.from(renamed(Buffer.from(files.console).toString('latin1')), 'latin1'),
          records: renamed(files.records).replace('"seed":1,', `"seed":${seed},`),
          trace: renamed(files.trace),
          note: { ...files.note, plan },
        },
        'qemu\n',
      );
      await directory.writeResult(judged);
    }
  }
  await directory.writeLedger(entries);
  await directory.writeNote({ ...note, ledger: directory.ledgerEnd });
  return directory.root;
}

const Whole = z.object({
  verdict: z.string(),
  reasons: z.array(z.string()),
  trials: z.array(z.unknown()),
});

it('8 shards of 10,000 lines are one run, in bounded time and memory', async () => {
  const folders = [];
  for (let number = 1; number <= SHARDS; number++) folders.push(await writeShard(number));
  // The program tells its own peak when it ends.
  const tell = "process.on('exit', () => console.error('PEAK', process.resourceUsage().maxRSS))";
  const started = performance.now();
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(tell)}`, MAIN, 'merge'],
      ...[...folders, '--out', path.join(folder, 'whole'), '--format', 'json'],
    ],
    { reject: false, maxBuffer: 256 << 20 },
  );
  const seconds = (performance.now() - started) / 1000;
  expect(stdout, stderr).not.toBe('');
  const { verdict, trials, reasons } = Whole.parse(JSON.parse(stdout));
  expect([verdict, trials.length], reasons.join('; ')).toEqual(['closed', 2 * TRIALS]);
  expect(exitCode, stderr).toBe(0);
  const peakMiB = Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024;
  const { size } = await stat(path.join(folder, 'whole', 'trials.jsonl'));
  const measured = `${2 * TRIALS} lines: ${seconds.toFixed(1)} s, peak ${peakMiB.toFixed(0)} MiB, trials.jsonl ${(size / 1e6).toFixed(1)} MB`;
  process.stderr.write(`merge of ${measured}\n`);
  expect(seconds, measured).toBeLessThan(60);
  expect(peakMiB, measured).toBeLessThan(1024);
}, 300_000);
