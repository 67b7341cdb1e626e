// SPDX-License-Identifier: MIT
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { type TrialResult, trialName } from '../model/trial.js';
import { unfinishedLine } from '../runs/count.js';
import { RunDirectory } from '../runs/run-directory.js';
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
 * @throws DmraceError (usage) when it is no run's, cannot go on, or another process writes there;
 *   (inconclusive) when run.json is damaged.
 */
export async function openResumed(folder: string): Promise<Resumed> {
  const directory = await RunDirectory.open(path.resolve(folder));
  // Before it is read: nobody may go on with it meanwhile.
  await directory.own();
  try {
    const saved = await readSavedRun(folder);
    return { ...resumable(folder, noteOf(saved)), directory, saved };
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws DmraceError (usage) for a run that cannot go on, whatever is in its folder */
function resumable(folder: string, note: RunNote): Pick<Resumed, 'note' | 'id' | 'startedAt'> {
  const { seed, startedAt } = note;
  const refuse = (why: string, action: string): DmraceError =>
    new DmraceError('usage', {
      observed: `${folder} cannot be resumed: ${why}`,
      artefact: folder,
      action,
    });
  if (seed === undefined) {
    throw refuse(`dmrace ${note.dmrace} kept no seed in run.json`, 'run it anew');
  }
  if (note.replayOf !== undefined) {
    const again = `replay them again: dmrace replay ${note.replayOf}`;
    throw refuse(`it is a replay of trials of ${note.replayOf}`, again);
  }
  if (note.sweep) {
    throw refuse('it is a sweep, whose points follow from each other', 'sweep again: dmrace sweep');
  }
  if (note.parts) throw refuse('it was merged from shards', 'resume the shards, and merge again');
  return { note: { ...note, seed }, id: note.id ?? '', startedAt };
}

/**
 * Makes a run directory ready to go on. What a kill explains is put right: a torn line is taken off,
 * a whole trial without its line gets it, a folder that was being written is dropped and that trial run
 * again.
 * @returns what counts of the run so far
 * @throws DmraceError (inconclusive) for everything that a kill does not explain: the run is left as
 *   it is
 */
export async function goOn({ directory, saved }: Resumed): Promise<readonly TrialResult[]> {
  const { ledger, counted } = saved;
  const crashed = counted.unfinished.filter(({ crashes }) => crashes.length > 0);
  const problems = [...counted.problems, ...crashed.map(unfinishedLine)];
  if (problems.length > 0) {
    throw new DmraceError('inconclusive', {
      observed: `the run cannot go on: ${problems.join('; ')}`,
      artefact: directory.root,
      action: 'see what is left with dmrace report, and run it anew into another folder',
    });
  }
  await directory.continueLedger(ledger);
  const lines = new Set(ledger.entries.map(({ plan }) => trialName(plan)));
  for (const { name } of counted.unfinished) await directory.dropTrial(name);
  for (const { name, files, result } of counted.whole) {
    if (lines.has(name)) continue;
    await directory.writeResult(result);
    await directory.writeEntry({ plan: files.note.plan, kept: true, result });
  }
  return counted.results;
}
