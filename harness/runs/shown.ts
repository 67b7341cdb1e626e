// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { readRecords } from '../evidence/records.js';
import { judgeTrial } from '../judge/trial.js';
import type { Damage } from '../model/damage.js';
import { DmraceError } from '../model/errors.js';
import { firstRecord } from '../model/record.js';
import type { Scenario } from '../model/scenario.js';
import { type TrialResult, trialName } from '../model/trial.js';
import type { RunEvidence, TrialEvidence } from '../report/evidence.js';
import { scenarioOf } from '../scenarios/index.js';
import { parseJson } from '../util/json.js';
import { type PlanJson, planFromJson } from './plan-json.js';
import type { RunDirectory } from './run-directory.js';
import { type SavedRun, trialNamed } from './saved-run.js';
import type { ReadTrial } from './trial-folder.js';

/** What a report shows of a saved run besides its result: also of damaged trials, as far as it goes. */
export async function shownOf(saved: SavedRun): Promise<RunEvidence> {
  const { directory, note, counted } = saved;
  const damage: Damage[] = [...saved.damage];
  const shown: TrialEvidence[] = [];
  for (const { files, result } of counted.whole) {
    const argv = await argvOf(directory, result, damage);
    await compareResult(directory, result, damage);
    shown.push({ result, files, argv, damaged: false });
  }
  const scenario = scenarioOf(saved.result.question);
  for (const trial of counted.damaged) {
    const result = ruinOf(trial, scenario);
    const argv = await argvOf(directory, result, damage);
    shown.push({ result, files: trial, argv, damaged: true });
  }
  const known = note instanceof DmraceError ? null : note;
  return {
    trials: shown,
    damage,
    startedAt: known?.startedAt ?? null,
    dmrace: known?.dmrace ?? null,
    accel: known?.accel ?? null,
  };
}

async function argvOf(
  directory: RunDirectory,
  trial: TrialResult,
  damage: Damage[],
): Promise<string | null> {
  const file = `${trialName(trial)}/qemu.argv`;
  const argv = await directory.readText(file);
  if (argv?.trim()) return argv.trim();
  const observed = argv === null ? 'qemu.argv cannot be read' : 'qemu.argv is empty';
  damage.push({ file, observed, expected: 'QEMU’s command line' });
  return null;
}

/** result.json is no evidence, but one that says something else was edited or is from another version. */
async function compareResult(
  directory: RunDirectory,
  trial: TrialResult,
  damage: Damage[],
): Promise<void> {
  const file = `${trialName(trial)}/result.json`;
  const text = await directory.readText(file);
  const parsed = text === null ? null : parseJson(text, z.looseObject({ outcome: z.string() }));
  const expected = `the judged trial as JSON; the evidence says "${trial.outcome}"`;
  if (!parsed) damage.push({ file, observed: 'result.json cannot be read', expected });
  else if (!parsed.ok) {
    damage.push({ file, observed: `result.json is damaged: ${parsed.problem}`, expected });
  } else if (parsed.value.outcome !== trial.outcome) {
    damage.push({ file, observed: `result.json says "${parsed.value.outcome}"`, expected });
  }
}

/** A damaged trial as far as it goes: its crash is shown, but it is never better than lost. */
function ruinOf(
  { name, note, damage, sound: _, unfinished: __, ...files }: ReadTrial,
  scenario: Scenario,
): TrialResult {
  const told = firstRecord(readRecords(files.records).records, 'trial');
  const guess: PlanJson = {
    ...trialNamed(name),
    seed: told?.seed ?? 0,
    nonce: told !== undefined && /^[0-9a-f]{32}$/.test(told.nonce) ? told.nonce : '0'.repeat(32),
    scenario: scenario.notedAs,
    yieldAfter: scenario.recipe === 'sweep' ? 1 : 0,
    ...(scenario.recipe === 'soak' ? { durationMs: 1 } : {}),
  };
  const read = note === null ? planFromJson(guess) : { ...note.plan, ...trialNamed(name) };
  if (typeof read === 'string') throw new Error(read);
  const judged = judgeTrial({
    ...files,
    note: {
      tie: note?.tie ?? null,
      end: { how: 'interrupted' },
      durationMs: note?.durationMs ?? 0,
      start: note?.start ?? 'booted',
      plan: read,
    },
  });
  return {
    ...judged,
    outcome: judged.outcome === 'crashed' ? 'crashed' : 'lost',
    reached: false,
    reasons: ['damaged, does not count', ...damage.map((d) => d.observed), ...judged.reasons],
  };
}
