// SPDX-License-Identifier: GPL-2.0-only
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRemains } from '../../../harness/runs/remains.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { assets } from '../../../harness/util/assets.js';

let root: string;
beforeEach(async () => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'dmrace-report-test-')), 'run');
  cpSync(assets('test/fixtures/run-directories/release'), root, { recursive: true });
  // As a run of today writes it: with seals.
  const directory = await RunDirectory.open(root);
  for (const files of (await directory.readTrials()).trials)
    await directory.writeTrial(files, 'qemu');
});
afterEach(() => {
  rmSync(path.dirname(root), { recursive: true, force: true });
});

const at = (file: string): string => path.join(root, file);

describe('what is left of a run', () => {
  it('is everything of a whole one, with the verdict of judge', async () => {
    const { result, evidence } = await readRemains(root);
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
      const { result, evidence } = await readRemains(root);
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
    const { result, evidence } = await readRemains(root);
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
    const { result, evidence } = await readRemains(root);
    expect(evidence.damage).toHaveLength(1);
    expect(evidence.damage[0]).toMatchObject({ file });
    expect(evidence.damage[0]?.observed).toContain(says);
    expect(result.verdict).toBe('closed'); // from the evidence, which is whole
  });
});
