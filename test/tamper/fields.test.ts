// SPDX-License-Identifier: MIT
// No damage to a saved run makes its verdict better, loses a crash or makes one up. Damage is made
// systematically to real runs of every kind (test/fixtures/saved-runs); no guest is needed. Here:
// fields of files that are altered, also by who makes their sums anew.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../harness/runs/seal.js';
import { alteredJson, alteredLedger, trialsOf } from './damage.js';
import { Inflicter, some } from './inflict.js';
import { folderOf, judged, NAMES } from './saved-runs.js';

const harm = new Inflicter();
afterAll(() => harm[Symbol.dispose]());

describe.each(NAMES)('%s', (name) => {
  it('each field of run.json', async () => {
    expect(await harm.inflict(name, 'run.json', alteredJson(folderOf(name), 'run.json'))).toEqual(
      [],
    );
  });

  it('each field of a trial.json', async () => {
    const [first] = trialsOf(folderOf(name));
    const all = alteredJson(folderOf(name), `${first}/trial.json`);
    expect(await harm.inflict(name, 'trial.json', all)).toEqual([]);
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
    expect(await harm.inflict(name, 'forged', some(all, 90), manifest)).toEqual([]);
  });

  it('each field and line of trials.jsonl', async () => {
    const all = some(alteredLedger(folderOf(name), false), 150);
    expect(await harm.inflict(name, 'ledger', all)).toEqual([]);
  });
});

it('was tried with more than a thousand pieces of damage', () => {
  const { sum, says } = harm.tried;
  console.log(`damage tried: ${says}; ${sum} in all`);
  expect(sum).toBeGreaterThanOrEqual(1000);
});
