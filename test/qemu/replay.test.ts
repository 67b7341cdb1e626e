// SPDX-License-Identifier: MIT
// Recorded trials run again: identical bytes, a record that was changed, and what is not there any more.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ledgerLine, NO_LINES, readLedger } from '../../harness/runs/ledger.js';
import { sealedText } from '../../harness/runs/seal.js';
import { dmrace, otherQemu } from '../support/command.js';

const Side = z.looseObject({ outcome: z.string(), hashes: z.record(z.string(), z.string()) });
const Replay = z.looseObject({
  identical: z.boolean(),
  trials: z.array(
    z.looseObject({
      trial: z.string(),
      recorded: Side,
      now: Side,
      differences: z.array(z.looseObject({ what: z.string(), recorded: z.string() })),
    }),
  ),
});

let work: string;
let recorded: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
  recorded = path.join(work, 'recorded');
  const run = await dmrace(['run', '--deterministic', '--trials', '1', '--out', recorded]);
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.stdout).toMatch(
    /^run again: 3 of 3 identical \(builtin-0, in-module-0, as-compiled-0\)$/m,
  );
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

const replay = async (folder: string, name: string, ...more: string[]) => {
  const out = path.join(work, name);
  const result = await dmrace(['replay', folder, '--out', out, '--format', 'json', ...more]);
  return { ...result, replay: Replay.parse(JSON.parse(result.stdout)) };
};

describe('dmrace replay', () => {
  it('of a deterministic run is identical, and leaves the run as it was', async () => {
    const files = ['run.json', 'verdict.json', 'trials.jsonl', 'in-module-0/console.log'];
    const read = () =>
      Promise.all(files.map((file) => readFile(path.join(recorded, file), 'utf8')));
    const before = await read();
    const again = await replay(recorded, 'again');
    expect(again.exitCode, again.stdout + again.stderr).toBe(0);
    expect(again.replay.identical).toBe(true);
    expect(again.replay.trials.map(({ trial }) => trial)).toEqual([
      'builtin-0',
      'in-module-0',
      'as-compiled-0',
    ]);
    for (const { recorded: then, now } of again.replay.trials) expect(now).toEqual(then);
    expect(await read()).toEqual(before);
    const judged = await dmrace(['judge', path.join(work, 'again')]);
    expect(judged.exitCode, judged.stderr).toBe(0);
  });

  it('tells a record that was changed, whose sums are right', async () => {
    const changed = path.join(work, 'changed');
    await cp(recorded, changed, { recursive: true });
    const file = path.join(changed, 'trials.jsonl');
    const { entries } = readLedger(await readFile(file, 'utf8'));
    let end = NO_LINES;
    const lines = entries.map((entry) => {
      const { hashes } = entry.result;
      if (!hashes) throw new Error('a run records hashes');
      const result = { ...entry.result, hashes: { ...hashes, trace: '0'.repeat(64) } };
      const next = ledgerLine({ ...entry, result }, end);
      end = next.end;
      return `${next.line}\n`;
    });
    await writeFile(file, lines.join(''));
    const again = await replay(changed, 'of-changed', '--trial', 'builtin-0');
    expect(again.exitCode).toBe(1);
    expect(again.replay.identical).toBe(false);
    expect(again.replay.trials).toHaveLength(1);
    expect(again.replay.trials[0]?.differences).toEqual([
      expect.objectContaining({ what: 'trace', recorded: `${'0'.repeat(64)} (trials.jsonl)` }),
    ]);
  });

  it('refuses where what was run is not there, names it, and leaves no folder', async () => {
    const out = path.join(work, 'of-other');
    const result = await dmrace(
      ['replay', recorded, '--out', out],
      await otherQemu(path.join(work, 'bin')),
    );
    expect(result.exitCode, result.stderr).toBe(128);
    expect(result.stderr).toMatch(/QEMU was QEMU emulator version .*, now it is .* 7\.2\.99/);
    await expect(readFile(path.join(out, 'run.json'))).rejects.toThrow(/ENOENT/);
  });

  it('refuses a run.json that its trials contradict, sealed as it is', async () => {
    const other = path.join(work, 'other');
    await cp(recorded, other, { recursive: true });
    const file = path.join(other, 'run.json');
    const { seal: _, ...note } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, sealedText({ ...note, kernel: { ...note.kernel, release: '2.6' } }));
    const out = path.join(work, 'of-contradicted');
    const kernel = await dmrace(['replay', other, '--out', out]);
    expect(kernel.exitCode).toBe(125);
    expect(kernel.stderr).toContain('run.json is of another run than every trial');
    await expect(readFile(path.join(out, 'run.json'))).rejects.toThrow(/ENOENT/);
  });

  it('of any other run compares what the judge says', async () => {
    const out = path.join(work, 'plain');
    const run = await dmrace(['run', '--trials', '1', '--out', out, '--quiet']);
    expect(run.exitCode, run.stderr).toBe(0);
    const again = await replay(out, 'of-plain', '--trial', '0');
    expect(again.exitCode, again.stdout).toBe(0);
    expect(again.replay.trials.map(({ now }) => now.outcome)).toEqual([
      'survived',
      'crashed',
      'survived',
    ]);
  });
});
