// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import { z } from 'zod';
import { readRecords } from '../evidence/records.js';
import { summarise } from '../judge/summary.js';
import { judgeSweep } from '../judge/sweep.js';
import { judgeTrial } from '../judge/trial.js';
import type { Damage } from '../model/damage.js';
import { DmraceError } from '../model/errors.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import { firstRecord } from '../model/record.js';
import type { SweepResult } from '../model/sweep.js';
import type { TrialFiles, TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import type { RunEvidence, TrialEvidence } from '../report/evidence.js';
import { findScenario, SCENARIOS } from '../scenarios/index.js';
import { RunDirectory, type RunNote } from './run-directory.js';
import type { ReadTrial } from './trial-folder.js';
import { parseJson } from '../util/json.js';

/** A saved run as far as it can still be read. */
export interface Remains {
  readonly directory: RunDirectory;
  /** Damage takes `closed` away, as it does for readSavedRun(). */
  readonly result: RunResult;
  readonly evidence: RunEvidence;
}

/**
 * Reads and judges what is left of a run, and says what is damaged. Its verdict is that of
 * readSavedRun(); where that gives up (run.json is damaged), the verdict is `inconclusive`.
 * @throws DmraceError (usage) when the folder is not a run's.
 */
export async function readRemains(folder: string): Promise<Remains> {
  const directory = await RunDirectory.open(path.resolve(folder));
  const damage: Damage[] = [];
  const note = await directory.readNote().catch((error: unknown) => {
    if (!(error instanceof DmraceError)) throw error;
    const expected = 'what was asked, the kernel and the booted code as JSON, schema 1';
    damage.push({ file: 'run.json', observed: error.facts.observed, expected });
    return null;
  });
  const { trials, damaged, problems } = await directory.readTrials();
  damage.push(...damaged.flatMap((trial) => trial.damage));
  const guess = note ?? guessNote(trials, damaged);
  const scenario = findScenario(guess.scenario) ?? SCENARIOS[0];
  if (!scenario) throw new Error('there is no scenario');
  const question = {
    scenario: guess.scenario,
    targetCause: scenario.targetCause,
    control: scenario.control,
    trials: guess.trials,
    placements: guess.placements,
  };
  const judged = trials.map(judgeTrial);
  const lost = note ? [] : damage.slice(0, 1).map((first) => first.observed);
  const whole = summarise(
    question,
    guess.kernel,
    judged,
    guess.codes,
    [...lost, ...problems],
    note?.known,
  );
  const sweep = note?.sweep
    ? judgeSweep(
        question.targetCause,
        question.placements,
        judged.filter((trial) => trial.sweep),
      )
    : null;
  const result = sweep ? withSweep(whole, sweep, problems) : whole;

  const shown: TrialEvidence[] = [];
  for (const [at, files] of trials.entries()) {
    const trial = judged[at];
    if (!trial) continue;
    const argv = await argvOf(directory, trial, damage);
    await compareResult(directory, trial, damage);
    shown.push({ result: trial, files, argv, damaged: false });
  }
  for (const files of damaged) shown.push(await ruin(directory, files, damage));
  const evidence = {
    trials: shown,
    damage,
    startedAt: note?.startedAt ?? null,
    dmrace: note?.dmrace ?? null,
    accel: note?.accel ?? null,
    sweep,
  };
  return { directory, result, evidence };
}

/** A sweep's directory carries the verdict of its points; damage takes `closed` away as ever. */
function withSweep(whole: RunResult, sweep: SweepResult, problems: readonly string[]): RunResult {
  const damaged = problems.length > 0 && sweep.verdict === 'closed';
  return {
    ...whole,
    verdict: damaged ? 'inconclusive' : sweep.verdict,
    reasons: [...problems, ...sweep.reasons],
    exitCode: damaged ? 125 : sweep.exitCode,
  };
}

const folderOf = (trial: Pick<TrialResult, 'placement' | 'index'>): string =>
  `${trial.placement}-${trial.index}`;

async function argvOf(
  directory: RunDirectory,
  trial: TrialResult,
  damage: Damage[],
): Promise<string | null> {
  const file = `${folderOf(trial)}/qemu.argv`;
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
  const file = `${folderOf(trial)}/result.json`;
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
async function ruin(
  directory: RunDirectory,
  { name, note, damage, ...files }: ReadTrial,
  all: Damage[],
): Promise<TrialEvidence> {
  const { placement, index } = named(name);
  const told = firstRecord(readRecords(files.records).records, 'trial');
  const judged = judgeTrial({
    ...files,
    note: {
      schema: 1,
      end: { how: 'interrupted' },
      durationMs: note?.durationMs ?? 0,
      start: note?.start ?? 'booted',
      plan: {
        seed: told?.seed ?? 0,
        nonce: told?.nonce ?? '0'.repeat(32),
        scenario: told?.scenario ?? '',
        yieldAfter: 0,
        ...note?.plan,
        placement,
        index,
      },
    },
  });
  const result: TrialResult = {
    ...judged,
    outcome: judged.outcome === 'crashed' ? 'crashed' : 'lost',
    reached: false,
    reasons: ['damaged, does not count', ...damage.map((d) => d.observed), ...judged.reasons],
  };
  return { result, files, argv: await argvOf(directory, result, all), damaged: true };
}

function named(name: string): { placement: Placement; index: number } {
  const placement = PLACEMENTS.find((known) => name.startsWith(`${known}-`)) ?? PLACEMENTS[0];
  return { placement, index: Number(name.slice(placement.length + 1)) };
}

/** What can be said of a run without its run.json; nothing here may lead to `closed`. */
function guessNote(
  trials: readonly TrialFiles[],
  damaged: readonly ReadTrial[],
): Pick<RunNote, 'scenario' | 'trials' | 'placements' | 'kernel' | 'codes'> {
  const all = [...trials, ...damaged];
  const names = [...trials.map(({ note }) => folderOf(note.plan)), ...damaged.map((d) => d.name)];
  const records = all.flatMap((files) => readRecords(files.readyRecords).records);
  const boot = firstRecord(records, 'boot');
  const found = PLACEMENTS.filter((placement) => names.some((n) => n.startsWith(`${placement}-`)));
  return {
    scenario: trials[0]?.note.plan.scenario ?? 'release',
    trials: Math.max(1, ...names.map((name) => named(name).index + 1)),
    placements: found.length > 0 ? found : [...PLACEMENTS],
    codes: {}, // which objectProblem() takes as a reason against `closed`
    kernel: {
      spec: 'unknown',
      release: boot?.release ?? 'unknown',
      arch: boot?.machine === 'aarch64' ? 'arm64' : 'x86_64',
      preempt: 'unknown',
      configSha256: 'unknown',
      version: 'unknown version',
    },
  };
}
