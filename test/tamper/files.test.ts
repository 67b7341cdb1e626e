// SPDX-License-Identifier: MIT
// No damage to a saved run makes its verdict better, loses a crash or makes one up. Damage is made
// systematically to real runs of every kind (test/fixtures/saved-runs); no guest is needed. Here:
// files and folders that are cut, swapped, copied or gone.
import { afterAll, describe, expect, it } from 'vitest';
import { judgeTrial } from '../../harness/judge/trial.js';
import { damagedFiles, isEvidence, shuffledFolders, swappedFiles } from './damage.js';
import { Inflicter, some } from './inflict.js';
import { folderOf, judged, NAMES } from './saved-runs.js';

const harm = new Inflicter();
afterAll(() => harm[Symbol.dispose]());

describe.each(NAMES)('%s', (name) => {
  it('is judged as the run itself did', async () => {
    const { result, counted } = await judged(folderOf(name));
    for (const { files, result: mine } of counted.whole) expect(judgeTrial(files)).toEqual(mine);
    expect(result.trials.length).toBeGreaterThan(0);
  });

  it('each file, damaged in each way', async () => {
    expect(await harm.inflict(name, 'files', some(damagedFiles(folderOf(name)), 260))).toEqual([]);
  });

  it('files of its trials in each other’s place', async () => {
    expect(await harm.inflict(name, 'swaps', some(swappedFiles(folderOf(name)), 60))).toEqual([]);
  });

  it('folders removed, renamed, copied, taken from other runs', async () => {
    const others = NAMES.filter((other) => other !== name).map(folderOf);
    const all = shuffledFolders(folderOf(name), others);
    expect(await harm.inflict(name, 'folders', some(all, 60))).toEqual([]);
  });
});

it('was tried with more than a thousand pieces of damage', () => {
  const { sum, says } = harm.tried;
  console.log(`damage tried: ${says}; ${sum} in all`);
  expect(sum).toBeGreaterThanOrEqual(1000);
  expect(isEvidence('verdict.json')).toBe(false);
});
