// SPDX-License-Identifier: MIT
// Damage to a shard before it is merged, and to a run before it goes on: neither may turn into a
// better verdict, nor lose a crash on the way. No guest is needed: what a resumed run would do next
// is not done.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goOn, openResumed } from '../../harness/campaign/resume.js';
import { DmraceError } from '../../harness/model/errors.js';
import type { TrialResult } from '../../harness/model/trial.js';
import { mergeShards } from '../../harness/runs/merge.js';
import { type Damage, damagedFiles, shuffledFolders, swappedFiles } from './damage.js';
import { inflictEach, some } from './inflict.js';
import { folderOf, judged, NAMES, violations } from './saved-runs.js';

const temporary = mkdtempSync(path.join(tmpdir(), 'dmrace-parts-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** What can happen to a run's folder, each kind by a part of its pieces. */
const damages = (name: string): readonly Damage[] => {
  const folder = folderOf(name);
  const others = NAMES.filter((other) => other !== name).map(folderOf);
  const files = damagedFiles(folder);
  return [
    // What tells of all trials has every kind of damage; of the rest a part will do.
    ...files.filter(({ at }) => at === 'trials.jsonl' || at === 'run.json'),
    ...some(files, 18),
    ...some(swappedFiles(folder), 7),
    ...some(shuffledFolders(folder, others), 14),
  ];
};

/** What was refused with a reason; anything else that is thrown is a mistake. */
const refusal = (error: unknown): string => {
  if (error instanceof DmraceError) return error.message;
  throw error;
};

let tried = 0;
let refused = 0;

/** Inflicts damage on a copy of a run, piece by piece, and says what the rule forbids of each. */
async function each(
  name: string,
  violated: (folder: string, damage: Damage) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const at = path.join(temporary, name);
  const done = await inflictEach(folderOf(name), at, damages(name), violated);
  tried += done.tried;
  return done.found;
}

/** Merges into a folder that is gone afterwards; the reason where that is refused. */
async function merged(folders: readonly string[]) {
  const out = path.join(temporary, 'whole');
  try {
    const whole = await mergeShards(folders, out);
    await whole.directory[Symbol.asyncDispose]();
    return (await judged(out)).result;
  } catch (error) {
    refused++;
    return refusal(error);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

describe.each([
  ['shard-1', ['shard-2'], 'closed'],
  ['shard-2', ['shard-1'], 'closed'],
  ['open-shard-1', [], 'open'],
])('%s, damaged and merged', (name, beside, verdict) => {
  it(`is no better than ${verdict}, and loses no crash`, async () => {
    const rest = beside.map(folderOf);
    const before = await merged([folderOf(name), ...rest]);
    if (typeof before === 'string') throw new Error(before);
    expect(before.verdict).toBe(verdict);
    const found = await each(name, async (folder, damage) => {
      const orders = [
        [folder, ...rest],
        [...rest, folder],
      ];
      const found: string[] = [];
      for (const folders of orders) {
        const after = await merged(folders);
        if (typeof after !== 'string') found.push(...violations(before, after, damage));
      }
      return found;
    });
    expect(found).toEqual([]);
  });
});

describe.each(['plain', 'resumed', 'long', 'disk', 'known'])('%s, damaged and resumed', (name) => {
  /** What counts when the run goes on; the reason where it may not. */
  async function resumed(folder: string): Promise<readonly TrialResult[] | string> {
    const copy = path.join(temporary, 'copy');
    cpSync(folder, copy, { recursive: true });
    try {
      const run = await openResumed(copy);
      try {
        return await goOn(run);
      } finally {
        await run.directory[Symbol.asyncDispose]();
      }
    } catch (error) {
      refused++;
      return refusal(error);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }
  const told = (results: readonly TrialResult[]): string[] =>
    results.map(
      ({ placement, index, outcome, reached, findings }) =>
        `${placement}-${index}: ${outcome} ${reached} ${findings.map(({ cause }) => cause)}`,
    );

  let whole: string[];
  beforeAll(async () => {
    const before = await resumed(folderOf(name));
    if (typeof before === 'string') throw new Error(before);
    whole = told(before);
    expect(whole.length).toBeGreaterThan(1);
  });

  it('goes on with what it really saw, or not at all', async () => {
    const found = await each(name, async (folder, { says }) => {
      const after = await resumed(folder);
      if (typeof after === 'string') return [];
      const now = told(after);
      const lost = whole.filter((line) => !now.includes(line) && line.includes(': crashed'));
      return [
        ...now.filter((line) => !whole.includes(line)).map((line) => `${says}: made up: ${line}`),
        ...lost.map((line) => `${says}: lost: ${line}`),
      ];
    });
    expect(found).toEqual([]);
  });
});

it('was tried with hundreds of pieces of damage, of which not all were refused', () => {
  console.log(`damage to parts: ${tried} pieces, ${refused} refused`);
  expect(tried).toBeGreaterThanOrEqual(300);
  expect(refused).toBeGreaterThan(tried / 10);
  expect(refused).toBeLessThan(2 * tried);
});
