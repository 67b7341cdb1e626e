// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DmraceError } from '../model/errors.js';
import { PLACEMENTS } from '../model/placement.js';
import { trialName } from '../model/trial.js';
import { explainIo } from '../util/io.js';
import { endProblems } from './count.js';
import { RunDirectory, readyFolder } from './run-directory.js';
import type { RunNote } from './run-note.js';
import { sameRun } from './same-run.js';
import { noteOf, readSavedRun, type SavedRun, trialNamed } from './saved-run.js';
import { isMine } from './shard.js';

/** A merged run. */
export interface Merged {
  /** Where it is; to be disposed when its last file is written. */
  readonly directory: RunDirectory;
  /** The whole, read and judged as any saved run. */
  readonly saved: SavedRun;
}

/**
 * Puts the shards of a campaign together into one run. What is damaged in a shard is damaged in the
 * whole, whose verdict says so.
 * @param out a new folder
 * @throws DmraceError (usage) when they are not shards of one run, or one is given twice;
 *   (inconclusive) when the lines of one are damaged, or a trial is in a shard that it is not of
 */
export async function mergeShards(folders: readonly string[], out: string): Promise<Merged> {
  const shards: SavedRun[] = [];
  for (const folder of folders) shards.push(await readSavedRun(folder));
  const note = wholeNote(shards.map(noteOf));
  for (const shard of shards) requireOwnTrials(shard);
  const directory = await RunDirectory.create(path.resolve(out));
  try {
    await directory.writeNote(note);
    const boots = note.placements.map((placement) => readyFolder(placement));
    for (const { directory: from } of shards) {
      const kept = (await readdir(from.root)).filter((name) => boots.includes(name));
      for (const name of [...kept, ...(await from.trialNames())]) {
        const to = path.join(directory.root, name);
        await cp(path.join(from.root, name), to, { recursive: true }).catch((error: unknown) => {
          throw explainIo(error, to);
        });
      }
    }
    await directory.writeLedger(shards.flatMap(({ ledger }) => ledger.entries));
    await directory.writeNote({ ...note, ledger: directory.ledgerEnd });
    return { directory, saved: await readSavedRun(directory.root) };
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * A shard's lines must be whole, and all its trials its own: another's would take the place of that
 * shard's.
 */
function requireOwnTrials({ directory, note, ledger, counted }: SavedRun): void {
  const own = noteOf({ note });
  const { shard = null } = own;
  const plans = [
    ...ledger.entries.map(({ plan }) => plan),
    ...counted.whole.map(({ files }) => files.note.plan),
    ...counted.damaged.map(({ name }) => trialNamed(name)),
  ];
  const foreign = [...new Set(plans.filter((plan) => !isMine(plan, shard)).map(trialName))];
  const problems = [
    ...ledger.problems,
    // The whole has an end of its own, by which nobody would miss them any more.
    ...endProblems(ledger, own),
    ...foreign.map((name) => `${name} is no trial of shard ${shard?.number} of ${shard?.of}`),
  ];
  if (problems.length === 0) return;
  throw new DmraceError('inconclusive', {
    observed: `${directory.root}: ${problems.join('; ')}`,
    artefact: directory.root,
    action: 'run that shard again',
  });
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
  const { shard: _, id: __, ledger: ___, ...whole } = first;
  const ends = notes.map((note) => note.end ?? { how: 'interrupted' as const });
  const end = ends.find(({ how }) => how !== 'complete') ?? { how: 'complete' as const };
  const remade = Object.assign({}, ...notes.map((note) => note.remade ?? {}));
  const ids = notes.flatMap(({ id }) => id ?? []);
  return {
    ...whole,
    ...(ids.length === 0 ? {} : { id: randomUUID(), parts: ids }),
    ...(Object.keys(remade).length > 0 ? { remade } : {}),
    end,
    codes: sameCodes(notes),
  };
}

/**
 * What was read of the booted methods: the same in every shard that read it.
 * @throws DmraceError (usage) when it is not
 */
function sameCodes(notes: readonly RunNote[]): RunNote['codes'] {
  const codes: RunNote['codes'] = {};
  for (const note of notes) {
    for (const placement of PLACEMENTS) {
      const code = note.codes[placement];
      const before = codes[placement];
      if (code && before && !isDeepStrictEqual(code, before)) {
        throw new DmraceError('usage', {
          observed: `the shards booted different methods in ${placement}`,
          action: 'merge shards of one run',
        });
      }
      if (code) codes[placement] = code;
    }
    if (!isDeepStrictEqual(note.known, notes[0]?.known)) {
      throw new DmraceError('usage', {
        observed: 'the shards were given different known-issues files',
        action: 'merge shards of one run',
      });
    }
  }
  return codes;
}
