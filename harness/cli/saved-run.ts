// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import { summarise } from '../judge/summary.js';
import { judgeTrial } from '../judge/trial.js';
import type { KnownIssue } from '../model/known.js';
import type { TrialFiles } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import { scenarioNamed } from '../scenario/index.js';
import { RunDirectory, type RunNote } from '../trial/run-directory.js';

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
  const scenario = scenarioNamed(note.scenario);
  const { trials, problems } = await directory.readTrials();
  const question = {
    scenario: scenario.name,
    targetCause: scenario.targetCause,
    control: scenario.control,
    trials: note.trials,
    placements: note.placements,
  };
  const result = summarise(
    question,
    note.kernel,
    trials.map(judgeTrial),
    note.codes,
    problems,
    known ?? note.known,
  );
  return { directory, note, trials, result };
}
