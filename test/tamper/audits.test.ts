// SPDX-License-Identifier: MIT
// No damage to a saved audit makes its verdict better, makes a finding up, or takes one away that a
// whole line still tells of. Damage is made systematically to real audits (test/fixtures/audits).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditResult } from '../../harness/judge/audit.js';
import { alarmsOf } from '../../harness/judge/audit-baseline.js';
import { readSavedAudit } from '../../harness/runs/audit/saved-audit.js';
import { sha256 } from '../../harness/runs/seal.js';
import { alteredJson, alteredLedger, type Damage, damagedFiles, fixturesOf } from './damage.js';
import { inflictEach, some } from './inflict.js';

const { names: NAMES, folderOf } = fixturesOf('audits');
const temporary = mkdtempSync(path.join(tmpdir(), 'dmrace-audits-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** By these a reproducer is written, and no verdict. */
const SHOWN = ['exercises.json', 'verdict.json', 'SHA256SUMS'];

const pairs = ({ findings }: AuditResult): string[] =>
  alarmsOf(findings).map(({ finding, module }) => `${finding} ${module}`);

/**
 * What the rule forbids of a damaged audit, in words; empty when it holds.
 * @param forged by somebody who made sums anew: what he writes into a line is read, and not trusted
 */
function violations(
  before: AuditResult,
  after: AuditResult,
  { at, says }: Damage,
  forged: boolean,
): string[] {
  const found: string[] = [];
  const say = (what: string): void =>
    void found.push(
      `${says}: ${what} (${before.verdict} ${before.exitCode} -> ${after.verdict} ${after.exitCode})`,
    );
  if (SHOWN.includes(at)) {
    if (after.verdict !== before.verdict) say('another verdict without other evidence');
    return found;
  }
  if (after.exitCode === 0) say('exit code 0 from damaged evidence');
  if (after.verdict === 'nothing-seen') say('nothing seen, in damaged evidence');
  const were = new Set(pairs(before));
  const made = forged ? [] : pairs(after).filter((pair) => !were.has(pair));
  if (made.length > 0) say(`made up: ${made.join()}`);
  // One line tells of one visit: whatever happens to it, the other findings stay.
  if (at !== 'visits.jsonl' && pairs(after).length < were.size) say('a finding is lost');
  return found;
}

let tried = 0;

/** Inflicts each piece of damage alone. */
async function inflict(name: string, all: readonly Damage[], manifest?: string) {
  const before = (await readSavedAudit(folderOf(name))).result;
  const at = path.join(temporary, name);
  const done = await inflictEach(folderOf(name), at, all, async (root, damage) => {
    const { result } = await readSavedAudit(root, { manifest });
    return violations(before, result, damage, manifest !== undefined);
  });
  tried += done.tried;
  return done.found;
}

describe.each(NAMES)('%s', (name) => {
  const root = folderOf(name);

  it('each file, damaged in each way', async () => {
    expect(await inflict(name, some(damagedFiles(root), 300))).toEqual([]);
  });

  it('each field of audit.json', async () => {
    expect(await inflict(name, alteredJson(root, 'audit.json'))).toEqual([]);
  });

  it('each field and line of visits.jsonl', async () => {
    expect(await inflict(name, some(alteredLedger(root, false, 'visits.jsonl'), 200))).toEqual([]);
  });

  it('with its manifest kept elsewhere: everything, with sums that are right again', async () => {
    const manifest = sha256(readFileSync(path.join(root, 'SHA256SUMS')));
    const all = [
      ...alteredJson(root, 'audit.json', true),
      ...alteredLedger(root, true, 'visits.jsonl'),
    ];
    expect(await inflict(name, some(all, 150), manifest)).toEqual([]);
  });

  it.each(NAMES.filter((other) => other !== name))(
    'lines of %s in the place of its own',
    async (other) => {
      const damage: Damage = {
        says: `visits.jsonl: that of ${other}`,
        at: 'visits.jsonl',
        evidence: true,
        inflict: (at) => {
          writeFileSync(
            path.join(at, 'visits.jsonl'),
            readFileSync(path.join(folderOf(other), 'visits.jsonl')),
          );
          return true;
        },
      };
      expect(await inflict(name, [damage])).toEqual([]);
    },
  );
});

it('was tried with more than five hundred pieces of damage', () => {
  console.log(`damage to audits: ${tried} pieces`);
  expect(tried).toBeGreaterThanOrEqual(500);
});
