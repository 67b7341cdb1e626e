// SPDX-License-Identifier: MIT
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import type { RunResult } from '../../../harness/model/verdict.js';
import type { RunEvidence } from '../../../harness/report/evidence.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { shownOf } from '../../../harness/runs/shown.js';
import { assets } from '../../../harness/util/assets.js';

let root: string;
beforeEach(async () => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'dmrace-report-test-')), 'run');
  cpSync(assets('test/fixtures/run-directories/release'), root, { recursive: true });
  // As a run of today writes it: with seals.
  const directory = await RunDirectory.open(root);
  for (const { files } of (await readSavedRun(root)).counted.whole)
    await directory.writeTrial(files, 'qemu');
});
afterEach(() => {
  rmSync(path.dirname(root), { recursive: true, force: true });
});

const at = (file: string): string => path.join(root, file);

/** What a report is made of. */
async function shown(): Promise<{ result: RunResult; evidence: RunEvidence }> {
  const saved = await readSavedRun(root);
  return { result: saved.result, evidence: await shownOf(saved) };
}

describe('what is left of a run', () => {
  it('is everything of a whole one, with the verdict of judge', async () => {
    const { result, evidence } = await shown();
    expect(evidence.damage).toEqual([]);
    expect(result.verdict).toBe('closed');
    expect(result).toEqual((await readSavedRun(root)).result);
  });

  const EVIDENCE = [
    'trial.json',
    'console.log',
    'ready-records.jsonl',
    'records.jsonl',
    'trace.txt',
  ];
  const CHANGES: [string, (file: string) => void][] = [
    ['missing', (file) => rmSync(file)],
    ['truncated', (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2))],
    [
      'edited',
      (file) =>
        writeFileSync(file, `${readFileSync(file, 'latin1')} `.replace(/[0-9]/, 'x'), 'latin1'),
    ],
  ];
  it.each(
    ['builtin-0', 'in-module-0'].flatMap((trial) =>
      EVIDENCE.flatMap((file) =>
        CHANGES.map(([how, change]) => [`${trial}/${file}`, how, change] as const),
      ),
    ),
  )(
    'without a whole %s (%s) says so, shows the rest, and is never closed',
    async (file, _how, change) => {
      change(at(file));
      const { result, evidence } = await shown();
      expect(evidence.damage.map((d) => d.file)).toContain(file);
      for (const { observed, expected } of evidence.damage) {
        expect(observed).not.toBe('');
        expect(expected).not.toBe('');
      }
      expect(result.verdict).toBe('inconclusive');
      expect(evidence.trials).toHaveLength(2);
      const ruined = evidence.trials.filter((trial) => trial.damaged);
      expect(ruined.map(({ result: r }) => `${r.placement}-${r.index}`)).toEqual([
        path.dirname(file),
      ]);
      expect(['crashed', 'lost']).toContain(ruined[0]?.result.outcome);
      expect((await readSavedRun(root)).result.verdict).toBe('inconclusive');
    },
  );

  it.each(CHANGES)('with a run.json that is %s is shown and inconclusive', async (_, change) => {
    change(at('run.json'));
    if (_ === 'edited') writeFileSync(at('run.json'), '{"schema":1,"trials":0}');
    const { result, evidence } = await shown();
    expect(evidence.damage[0]?.file).toBe('run.json');
    expect(result.verdict).toBe('inconclusive');
    expect(result.kernel.release).toMatch(/^\d+\.\d+/); // the guest's own word
    expect(evidence.trials).toHaveLength(2);
  });

  it.each([
    ['builtin-0/qemu.argv', '', 'is empty'],
    ['builtin-0/result.json', '{', 'damaged'],
    ['builtin-0/result.json', '{"outcome":"crashed"}', 'says "crashed"'],
  ])('names %s that is not as it was, which is no evidence', async (file, text, says) => {
    writeFileSync(at(file), text);
    const { result, evidence } = await shown();
    expect(evidence.damage).toHaveLength(1);
    expect(evidence.damage[0]).toMatchObject({ file });
    expect(evidence.damage[0]?.observed).toContain(says);
    expect(result.verdict).toBe('closed'); // from the evidence, which is whole
  });

  it('of a ruined trial is its crash, which does not count, and never anything better than lost', async () => {
    truncateSync(at('in-module-0/trace.txt'), 100);
    truncateSync(at('builtin-0/trace.txt'), 100);
    const { result, evidence } = await shown();
    // The crash is never lost; nothing else of them counts.
    expect(result.trials.map(({ outcome, reached }) => [outcome, reached])).toEqual([
      ['crashed', false],
    ]);
    expect(result.verdict).toBe('inconclusive');
    const [builtin, control] = evidence.trials.map((trial) => trial.result);
    expect(builtin).toMatchObject({ outcome: 'lost', reached: false });
    expect(control).toMatchObject({ outcome: 'crashed', reached: false });
    expect(control?.findings[0]?.cause).toBe('release-in-unloaded-text');
    for (const trial of [builtin, control]) {
      expect(trial?.reasons.slice(0, 2)).toEqual([
        'damaged, does not count',
        expect.stringMatching(/^trace\.txt was changed after the run: it has 100 bytes/),
      ]);
    }
  });
});

describe('a run whose files were dropped', () => {
  // As campaigns of more than a few trials, shards and resumed runs leave it: `report` and `judge`
  // contradicted each other here.
  it('has the verdict of its lines, the same for every reader, and shows what was kept', async () => {
    const directory = await RunDirectory.open(root);
    for (const { files } of (await readSavedRun(root)).counted.whole) {
      const { plan } = files.note;
      const result = judgeTrial(files);
      await directory.writeResult(result);
      await directory.writeEntry({ plan, kept: true, result });
      const dropped = { ...plan, index: 1, seed: 2, nonce: plan.nonce.replace(/./, 'a') };
      await directory.writeEntry({
        plan: dropped,
        kept: false,
        result: { ...result, index: 1, seed: 2 },
      });
    }
    await directory.writeNote({ ...(await directory.readNote()), trials: 2 });
    const { result, evidence } = await shown();
    expect(result).toMatchObject({ verdict: 'closed', exitCode: 0 });
    expect(result.reasons).toContain(
      '2 of 4 trials count by their line in trials.jsonl: their files were not kept',
    );
    expect(evidence.damage).toEqual([]);
    expect(evidence.trials.map((trial) => trial.result.index)).toEqual([0, 0]);
  });
});
