// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DmraceError } from '../../model/errors.js';
import { AuditFolder, guestFile } from './audit-folder.js';
import type { AuditNote } from './note.js';
import { sameAudit } from './same-audit.js';
import { auditNoteOf, planOf, readSavedAudit, type SavedAudit } from './saved-audit.js';
import { visitKey } from './share.js';
import { unlistedGuests } from './stray.js';
import { type AuditLine, guestOf } from './visits.js';

/** A merged audit. */
export interface MergedAudit {
  /** Where it is; to be disposed when its last file is written. */
  readonly folder: AuditFolder;
  readonly saved: SavedAudit;
}

/**
 * Puts the shards of an audit together into one. Their guests get numbers of their own, in the order
 * of the shards.
 * @param out a new folder
 * @throws DmraceError (usage) when they are not shards of one audit, or one is given twice;
 *   (inconclusive) when one is damaged, or has visits that are not its own.
 */
export async function mergeAudits(roots: readonly string[], out: string): Promise<MergedAudit> {
  const shards: SavedAudit[] = [];
  for (const root of roots) shards.push(await readSavedAudit(root));
  const note = wholeNote(shards.map(auditNoteOf));
  for (const shard of shards) requireOwn(shard);
  const folder = await AuditFolder.create(path.resolve(out));
  try {
    const statics = shards.find(({ evidence }) => evidence.static !== null)?.evidence.static;
    const staticSha256 = statics ? await folder.writeStatic(statics) : undefined;
    await folder.writeNote(note);
    let next = 0;
    for (const shard of shards) next = await copyShard(shard, folder, next);
    await folder.writeNote({
      ...note,
      ...(staticSha256 === undefined ? {} : { staticSha256 }),
      ledger: folder.linesEnd,
    });
    return { folder, saved: await readSavedAudit(folder.root) };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** @returns the first number that the next shard's guests may have */
async function copyShard(
  { folder: from, lines }: SavedAudit,
  to: AuditFolder,
  first: number,
): Promise<number> {
  let next = first;
  for (const { guest, files } of await unlistedGuests(from, lines)) {
    next = Math.max(next, guest + first + 1);
    await to.writeGuest(guest + first, files);
  }
  for (const { entry } of lines.entries) {
    const moved = renumbered(entry, first);
    next = Math.max(next, guestOf(moved) + 1);
    if (entry.is !== 'guest' || moved.is !== 'guest') {
      await to.writeLine(moved);
      continue;
    }
    const files = new Map<string, Uint8Array>();
    for (const name of Object.keys(entry.files)) {
      const content = await from.readFile(guestFile(entry.guest, name));
      if (content !== null) files.set(name, content);
    }
    await to.writeGuest(moved.guest, files);
  }
  return next;
}

/** A line with its guests numbered from `first`. */
function renumbered(line: AuditLine, first: number): AuditLine {
  if (line.is === 'guest') return { ...line, guest: line.guest + first };
  const visit = line.is === 'visit' ? line.visit : line.planted.visit;
  const moved = {
    ...visit,
    guest: visit.guest + first,
    observations: visit.observations.map((one) => {
      const log = one.proof?.log?.replace(
        /^guest-(\d+)(?=\/)/,
        (_, guest: string) => `guest-${Number(guest) + first}`,
      );
      return one.proof === null || log === undefined
        ? one
        : { ...one, proof: { ...one.proof, log } };
    }),
  };
  return line.is === 'visit'
    ? { is: 'visit', visit: moved }
    : { is: 'planted', planted: { ...line.planted, visit: moved } };
}

/** Another shard's visit would take the place of that shard's. */
function requireOwn({ folder, note, evidence, damage }: SavedAudit): void {
  const own = auditNoteOf({ note });
  const mine = new Set(planOf(own).map(visitKey));
  const foreign = evidence.visits.filter((visit) => !mine.has(visitKey(visit)));
  const problems = [
    ...damage.map(({ observed }) => observed),
    ...foreign.map(
      ({ module }) => `${module} is no visit of shard ${own.shard?.number} of ${own.shard?.of}`,
    ),
  ];
  if (problems.length === 0) return;
  throw new DmraceError('inconclusive', {
    observed: `${folder.root}: ${problems.join('; ')}`,
    artefact: folder.root,
    action: 'run that shard again',
  });
}

/** @throws DmraceError (usage) when they are not shards of one audit, or one is given twice. */
export function wholeNote(notes: readonly AuditNote[]): AuditNote {
  const refuse = (observed: string, action: string): never => {
    throw new DmraceError('usage', { observed, action });
  };
  const [first] = notes;
  if (!first) return refuse('no shards', 'name their folders');
  const seen = new Set<number>();
  for (const note of notes) {
    const { shard } = note;
    if (!shard) {
      return refuse(
        `the audit of ${note.startedAt} is no shard`,
        'merge folders that dmrace audit --shard made',
      );
    }
    if (seen.has(shard.number)) {
      return refuse(`shard ${shard.number} of ${shard.of} is given twice`, 'give each shard once');
    }
    seen.add(shard.number);
    sameAudit(
      { ...first, shard: { number: 1, of: first.shard?.of ?? shard.of } },
      { ...note, shard: { number: 1, of: shard.of } },
    );
    if (!isDeepStrictEqual([note.known, note.baseline], [first.known, first.baseline])) {
      return refuse(
        'the shards were given different known-issues files or baselines',
        'merge shards of one audit',
      );
    }
  }
  const { shard: _, ledger: __, staticSha256: ___, ...whole } = first;
  const ends = notes.map((note) => note.end ?? { how: 'interrupted' as const });
  return {
    ...whole,
    id: randomUUID(),
    ownLines: true,
    parts: notes.map(({ id }) => id),
    end: ends.find(({ how }) => how !== 'complete') ?? { how: 'complete' },
  };
}
