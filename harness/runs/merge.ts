// SPDX-License-Identifier: GPL-2.0-only
import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { explainIo } from '../util/io.js';
import { RunDirectory, readyFolder } from './run-directory.js';
import type { RunNote } from './run-note.js';
import { sameRun } from './same-run.js';
import { noteOf, readSavedRun, type SavedRun } from './saved-run.js';

/**
 * Puts the shards of a campaign together into one run.
 * @param out a new folder
 * @returns the whole, read and judged as any saved run
 * @throws DmraceError (usage) when they are not shards of one run, or one is given twice;
 *   (inconclusive) when one is damaged
 */
export async function mergeShards(folders: readonly string[], out: string): Promise<SavedRun> {
  const shards: SavedRun[] = [];
  for (const folder of folders) shards.push(await readSavedRun(folder));
  const note = wholeNote(shards.map(noteOf));
  const whole = await RunDirectory.create(path.resolve(out));
  await whole.writeNote(note);
  const entries = [];
  for (const { directory, ledger } of shards) {
    if (ledger.problems.length > 0) {
      throw new DmraceError('inconclusive', {
        observed: `${directory.root}: ${ledger.problems.join('; ')}`,
        artefact: directory.root,
        action: 'run that shard again',
      });
    }
    entries.push(...ledger.entries);
    const boots = note.placements.map((placement) => readyFolder(placement));
    const kept = (await readdir(directory.root)).filter((name) => boots.includes(name));
    for (const name of [...kept, ...(await directory.trialNames())]) {
      const [from, to] = [path.join(directory.root, name), path.join(whole.root, name)];
      await cp(from, to, { recursive: true }).catch((error: unknown) => {
        throw explainIo(error, to);
      });
    }
  }
  await whole.writeLedger(entries);
  return readSavedRun(whole.root);
}

/**
 * The note of the run that shards are parts of. Shards that are absent leave their trials untried,
 * which the verdict then says.
 * @throws DmraceError (usage) when they are not shards of one run, or one is given twice.
 */
export function wholeNote(notes: readonly RunNote[]): RunNote {
  const [first] = notes;
  if (!first)
    throw new DmraceError('usage', { observed: 'no shards', action: 'name their folders' });
  const seen = new Set<number>();
  for (const note of notes) {
    const { shard } = note;
    if (!shard) {
      throw new DmraceError('usage', {
        observed: `the run of ${note.startedAt} is no shard`,
        action: 'merge folders that dmrace run --shard made',
      });
    }
    if (seen.has(shard.number)) {
      throw new DmraceError('usage', {
        observed: `shard ${shard.number} of ${shard.of} is given twice`,
        action: 'give each shard once',
      });
    }
    seen.add(shard.number);
    sameRun(
      { ...first, shard: { number: 1, of: first.shard?.of ?? shard.of } },
      { ...note, shard: { number: 1, of: shard.of } },
    );
  }
  const { shard: _, ...whole } = first;
  const ends = notes.map((note) => note.end ?? { how: 'interrupted' as const });
  const end = ends.find(({ how }) => how !== 'complete') ?? { how: 'complete' as const };
  return { ...whole, end, codes: Object.assign({}, ...notes.map((note) => note.codes)) };
}
