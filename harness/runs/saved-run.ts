// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import { summarise } from '../judge/summary.js';
import { judgeTrial } from '../judge/trial.js';
import type { KnownIssue } from '../model/known.js';
import type { TrialFiles } from '../model/trial.js';
import type { Question, RunResult } from '../model/verdict.js';
import { scenarioNamed } from '../scenarios/index.js';
import { combine } from './ledger.js';
import { RunDirectory, type RunNote } from './run-directory.js';
import { shareOf } from './shard.js';

/** What a run was asked, by its note: a shard is asked for its share of the trials. */
export function questionOf(note: RunNote): Question {
  const scenario = scenarioNamed(note.scenario);
  return {
    scenario: scenario.name,
    targetCause: scenario.targetCause,
    control: scenario.control,
    trials: shareOf(note.trials, note.shard ?? null),
    placements: note.placements,
  };
}

/** What a reader should know of a run besides its verdict. */
export function notesOf(note: RunNote, byLine: number, trials: number): string[] {
  const { end, shard } = note;
  return [
    ...(shard ? [`shard ${shard.number} of ${shard.of}: its share of ${note.trials} trials`] : []),
    ...(end?.how === 'stopped' ? [`stopped early: ${end.why}`] : []),
    ...(end?.how === 'interrupted' ? [`interrupted after ${trials} trials; --resume goes on`] : []),
    ...(byLine > 0
      ? [
          `${byLine} of ${trials} trials count by their line in trials.jsonl: their files were not kept`,
        ]
      : []),
  ];
}

/** A saved run, read and judged. */
export interface SavedRun {
  readonly directory: RunDirectory;
  readonly note: RunNote;
  /** What could be read of the trials; what could not is among the result's reasons. */
  readonly trials: readonly TrialFiles[];
  readonly result: RunResult;
}

/**
 * Judges a saved run from its files alone, with the known issues that it was given, unless others
 * are.
 * @throws DmraceError (usage) when the folder is not a run's; (inconclusive) when run.json is damaged.
 */
export async function readSavedRun(
  folder: string,
  known: readonly KnownIssue[] | null = null,
): Promise<SavedRun> {
  const directory = await RunDirectory.open(path.resolve(folder));
  const note = await directory.readNote();
  const { trials, problems } = await directory.readTrials();
  const ledger = await directory.readLedger();
  const combined = combine(trials.map(judgeTrial), await directory.trialNames(), ledger);
  const judged = summarise(
    questionOf(note),
    note.kernel,
    combined.results,
    note.codes,
    [...problems, ...combined.problems],
    known ?? note.known,
    notesOf(note, combined.byLine, combined.results.length),
  );
  const result = { ...judged, ...(note.repeats ? { repeats: note.repeats } : {}) };
  return { directory, note, trials, result };
}
