// SPDX-License-Identifier: MIT
// The saved runs of test/fixtures/saved-runs, and what may not happen to their verdicts.
import type { RunResult } from '../../harness/model/verdict.js';
import { renderJson } from '../../harness/report/json.js';
import { readSavedRun, type SavedRun } from '../../harness/runs/saved-run.js';
import { shownOf } from '../../harness/runs/shown.js';
import { type Damage, fixturesOf } from './damage.js';

/** Names of the saved runs, and the folder of each. */
export const { names: NAMES, folderOf } = fixturesOf('saved-runs');

/** Crashes of the subject with the cause that the run asks about. */
const targets = ({ question, trials }: RunResult): number =>
  trials.filter(
    (trial) =>
      trial.role === 'subject' &&
      trial.findings.some((finding) => finding.cause === question.targetCause),
  ).length;

/** Reads a run as `judge` and as `report` do; both must say the same. */
export async function judged(root: string, manifest?: string): Promise<SavedRun> {
  const saved = await readSavedRun(root, { manifest });
  await shownOf(saved); // never throws, whatever is left
  renderJson(saved.result, {});
  return saved;
}

/**
 * What the rule forbids of a damaged run, in words; empty when it holds.
 * @param before of the run as it was
 * @param damage of which at least one piece of evidence of each trial is left
 */
export function violations(
  before: RunResult,
  after: RunResult,
  { evidence, says }: Pick<Damage, 'evidence' | 'says'>,
): string[] {
  const found: string[] = [];
  const say = (what: string): void =>
    void found.push(
      `${says}: ${what} (${before.verdict} ${before.exitCode} -> ${after.verdict} ${after.exitCode})`,
    );
  if (evidence && after.verdict === 'closed') say('closed from damaged evidence');
  if (evidence && after.exitCode === 0) say('exit code 0 from damaged evidence');
  if (!evidence && after.verdict !== before.verdict) say('another verdict without other evidence');
  if (after.verdict === 'closed' && before.verdict !== 'closed') say('closed, which it was not');
  if (after.verdict === 'open' && targets(before) === 0) say('a false open');
  if (targets(before) > 0 && after.verdict !== 'open') say('a crash is lost');
  if (after.verdict === 'open' && after.exitCode !== 1 && evidence) say('open, and not 1');
  if (evidence && after.reasons.length === 0) say('no reason');
  return found;
}
