// SPDX-License-Identifier: GPL-2.0-only
// No damage to a saved run makes its verdict better, loses a crash or makes one up. Damage is made
// systematically to real runs of every kind (test/fixtures/saved-runs); no guest is needed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeTrial } from '../../harness/judge/trial.js';
import type { RunResult } from '../../harness/model/verdict.js';
import { sha256 } from '../../harness/runs/seal.js';
import {
  alteredJson,
  alteredLedger,
  type Damage,
  damagedFiles,
  isEvidence,
  Scratch,
  shuffledFolders,
  swappedFiles,
  trialsOf,
} from './damage.js';
import { folderOf, judged, NAMES, violations } from './saved-runs.js';

let temporary = '';
beforeAll(() => {
  temporary = mkdtempSync(path.join(tmpdir(), 'dmrace-tamper-'));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** How many pieces of damage were tried, by kind. */
const tried = new Map<string, number>();

/** Inflicts each piece of damage alone, and returns what the rule forbids of what came of it. */
async function inflicted(
  name: string,
  kind: string,
  all: readonly Damage[],
  manifest?: string,
): Promise<string[]> {
  const scratch = new Scratch(folderOf(name), path.join(temporary, `${name}-${kind}`));
  const before: RunResult = (await judged(folderOf(name))).result;
  const found: string[] = [];
  for (const damage of all) {
    if (damage.inflict(scratch.root)) {
      tried.set(kind, (tried.get(kind) ?? 0) + 1);
      const after = await judged(scratch.root, manifest).then(
        ({ result }) => result,
        (error: unknown) => {
          found.push(`${damage.says}: threw ${String(error)}`);
          return null;
        },
      );
      if (after) found.push(...violations(before, after, damage));
    }
    scratch.restore(damage.at);
  }
  rmSync(scratch.root, { recursive: true, force: true });
  return found;
}

/** Every how-many-th of a list: long runs have many files alike. */
const some = <T>(all: readonly T[], most: number): readonly T[] => {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, index) => index % step === 0);
};

describe.each(NAMES)('%s', (name) => {
  it('is judged as the run itself did', async () => {
    const { result, counted } = await judged(folderOf(name));
    for (const { files, result: mine } of counted.whole) expect(judgeTrial(files)).toEqual(mine);
    expect(result.trials.length).toBeGreaterThan(0);
  });

  it('each file, damaged in each way', async () => {
    expect(await inflicted(name, 'files', some(damagedFiles(folderOf(name)), 260))).toEqual([]);
  });

  it('files of its trials in each other’s place', async () => {
    expect(await inflicted(name, 'swaps', some(swappedFiles(folderOf(name)), 60))).toEqual([]);
  });

  it('folders removed, renamed, copied, taken from other runs', async () => {
    const others = NAMES.filter((other) => other !== name).map(folderOf);
    const all = shuffledFolders(folderOf(name), others);
    expect(await inflicted(name, 'folders', some(all, 60))).toEqual([]);
  });

  it('each field of run.json', async () => {
    expect(await inflicted(name, 'run.json', alteredJson(folderOf(name), 'run.json'))).toEqual([]);
  });

  it('each field of a trial.json', async () => {
    const [first] = trialsOf(folderOf(name));
    const all = alteredJson(folderOf(name), `${first}/trial.json`);
    expect(await inflicted(name, 'trial.json', all)).toEqual([]);
  });

  it('with its manifest kept elsewhere: everything, with sums that are right again', async () => {
    const root = folderOf(name);
    const manifest = sha256(readFileSync(path.join(root, 'SHA256SUMS')));
    expect((await judged(root, manifest)).result).toEqual((await judged(root)).result);
    const all = [
      ...alteredJson(root, 'run.json', true),
      ...trialsOf(root).flatMap((trial) => alteredJson(root, `${trial}/trial.json`, true)),
      ...alteredLedger(root, true),
    ];
    expect(await inflicted(name, 'forged', some(all, 150), manifest)).toEqual([]);
  });

  it('each field and line of trials.jsonl', async () => {
    const all = some(alteredLedger(folderOf(name), false), 150);
    expect(await inflicted(name, 'ledger', all)).toEqual([]);
  });
});

it('was tried with more than two thousand pieces of damage', () => {
  const sum = [...tried.values()].reduce((a, b) => a + b, 0);
  console.log(
    `damage tried: ${[...tried].map(([kind, n]) => `${n} ${kind}`).join(', ')}; ${sum} in all`,
  );
  expect(sum).toBeGreaterThanOrEqual(2000);
  expect(isEvidence('verdict.json')).toBe(false);
});
