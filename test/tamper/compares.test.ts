// SPDX-License-Identifier: MIT
// No damage to a saved comparison (`run --compare`) makes its answer better, or loses a crash of the
// kernel with the patch. Damage is made systematically to real ones (test/fixtures/compares).
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CompareResult } from '../../harness/model/compare.js';
import { readSavedCompare } from '../../harness/runs/compare-folder.js';
import {
  alteredJson,
  alteredLedger,
  type Damage,
  damagedFiles,
  fixturesOf,
  isEvidence,
  trialsOf,
} from './damage.js';
import { inflictEach, some } from './inflict.js';

const { names: NAMES, folderOf } = fixturesOf('compares');
const temporary = mkdtempSync(path.join(tmpdir(), 'dmrace-compares-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** What the rule forbids of a damaged comparison, in words; empty when it holds. */
function violations(before: CompareResult, after: CompareResult, { says, at }: Damage): string[] {
  const found: string[] = [];
  const say = (what: string): void =>
    void found.push(
      `${says}: ${what} (${before.verdict} ${before.exitCode} -> ${after.verdict} ${after.exitCode})`,
    );
  // Each run is held against its manifest, so damage to what only shows is seen, too.
  if (after.exitCode === 0 && at !== 'before/SHA256SUMS' && at !== 'after/SHA256SUMS') {
    say('exit code 0 from damaged evidence');
  }
  if (after.verdict === 'open' && before.verdict !== 'open') say('a false open');
  if (before.verdict === 'open' && after.verdict !== 'open') say('a crash is lost');
  if (after.reasons.length === 0) say('no reason');
  return found;
}

/** Damage to one of the two runs, as damage to the folder that holds both. */
const within = (side: string, all: readonly Damage[]): Damage[] =>
  all.map((damage) => ({
    says: `${side}/${damage.says}`,
    at: path.join(side, damage.at),
    evidence: damage.evidence,
    inflict: (root) => damage.inflict(path.join(root, side)),
  }));

const swapped: Damage = {
  says: 'the two runs in each other’s place',
  at: '.',
  evidence: true,
  inflict: (root) => {
    renameSync(path.join(root, 'before'), path.join(root, 'x'));
    renameSync(path.join(root, 'after'), path.join(root, 'before'));
    renameSync(path.join(root, 'x'), path.join(root, 'after'));
    return true;
  },
};

let tried = 0;

async function inflict(name: string, all: readonly Damage[]) {
  const before = (await readSavedCompare(folderOf(name))).result;
  const at = path.join(temporary, name);
  const done = await inflictEach(folderOf(name), at, all, async (root, damage) =>
    violations(before, (await readSavedCompare(root)).result, damage),
  );
  tried += done.tried;
  return done.found;
}

describe.each(NAMES)('%s', (name) => {
  const root = folderOf(name);
  const sides = (made: (run: string) => readonly Damage[]): Damage[] =>
    ['before', 'after'].flatMap((side) => within(side, made(path.join(root, side))));

  it('each file of both runs, damaged in each way; compare.json above all', async () => {
    const files = damagedFiles(root).filter(({ at }) => isEvidence(path.basename(at)));
    const own = files.filter(({ at }) => at === 'compare.json');
    const rest = files.filter(({ at }) => at !== 'compare.json');
    expect(await inflict(name, [...own, ...some(rest, 80)])).toEqual([]);
  });

  it('each field of both run.json and of the trials’ lines', async () => {
    const all = sides((run) => [
      ...some(alteredJson(run, 'run.json'), 30),
      ...some(alteredLedger(run, false), 30),
      // By who makes their sums anew: compare.json has those of the manifests.
      ...some(alteredJson(run, 'run.json', true), 20),
      ...some(alteredLedger(run, true), 20),
      ...trialsOf(run)
        .slice(0, 1)
        .flatMap((trial) => some(alteredJson(run, `${trial}/trial.json`, true), 20)),
    ]);
    expect(await inflict(name, all)).toEqual([]);
  });

  it('the runs in each other’s place', async () => {
    expect(await inflict(name, [swapped])).toEqual([]);
  });
});

it('was tried with more than three hundred pieces of damage', () => {
  console.log(`damage to comparisons: ${tried} pieces`);
  expect(tried).toBeGreaterThanOrEqual(300);
});
