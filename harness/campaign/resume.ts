// SPDX-License-Identifier: GPL-2.0-only
import { DmraceError } from '../model/errors.js';
import { type TrialResult, trialName } from '../model/trial.js';
import type { RunNote } from '../runs/run-note.js';
import { noteOf, readSavedRun, type SavedRun } from '../runs/saved-run.js';
import type { Place } from './set-up.js';

/** A run that is to go on, in its own folder. */
export interface Resumed extends Place {
  readonly note: RunNote & { readonly seed: number };
  readonly saved: SavedRun;
}

/**
 * Opens a run directory to go on with it.
 * @throws DmraceError (usage) when it is no run's, was made by a version that kept no seed, or is a
 *   replay; (inconclusive) when run.json is damaged.
 */
export async function openResumed(folder: string): Promise<Resumed> {
  const saved = await readSavedRun(folder);
  const note = noteOf(saved);
  const { seed } = note;
  if (seed === undefined) {
    throw new DmraceError('usage', {
      observed: `${folder} cannot be resumed: dmrace ${note.dmrace} kept no seed in run.json`,
      artefact: folder,
      action: 'run it anew',
    });
  }
  if (note.replayOf !== undefined) {
    throw new DmraceError('usage', {
      observed: `${folder} cannot be resumed: it is a replay of trials of ${note.replayOf}`,
      artefact: folder,
      action: `replay them again: dmrace replay ${note.replayOf}`,
    });
  }
  const { directory } = saved;
  return { directory, startedAt: note.startedAt, note: { ...note, seed }, saved };
}

/**
 * Makes a run directory ready to go on: a torn line and folders that no line tells of are what a
 * kill left of trials under way; they are dropped and those trials run again.
 * @returns what counts of the run so far
 */
export async function goOn({ directory, saved }: Resumed): Promise<readonly TrialResult[]> {
  const { ledger, result } = saved;
  if (ledger.problems.length > 0) {
    throw new DmraceError('inconclusive', {
      observed: ledger.problems.join('; '),
      artefact: directory.root,
      action: 'the run is damaged; run it again',
    });
  }
  if (ledger.torn) await directory.writeLedger(ledger.entries);
  const known = new Set(ledger.entries.map(({ plan }) => trialName(plan)));
  for (const name of await directory.trialNames()) {
    if (!known.has(name)) await directory.dropTrial(name);
  }
  return result.trials.filter((trial) => known.has(trialName(trial)));
}
