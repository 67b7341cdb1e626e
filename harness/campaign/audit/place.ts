// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { DmraceError } from '../../model/errors.js';
import { AuditFolder } from '../../runs/audit/audit-folder.js';
import type { AuditNote } from '../../runs/audit/note.js';
import { auditNoteOf, readSavedAudit, type SavedAudit } from '../../runs/audit/saved-audit.js';
import { unlistedGuests } from '../../runs/audit/stray.js';
import type { Work } from '../../util/work.js';
import { requireFolder } from '../run-folder.js';

/** Where an audit's artefacts go, and since when. */
export interface AuditPlace {
  readonly folder: AuditFolder;
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** What was there before; null for a new audit. */
  readonly resumed: { readonly note: AuditNote; readonly saved: SavedAudit } | null;
}

/** A new folder for an audit. @throws DmraceError as RunFolder does. */
export async function openAuditPlace(
  work: Work,
  asked: { readonly out: string | null; readonly kernel: string },
): Promise<AuditPlace> {
  const startedAt = new Date().toISOString();
  const root = await requireFolder(work.cache, asked, startedAt);
  return { folder: await AuditFolder.create(root), id: randomUUID(), startedAt, resumed: null };
}

/**
 * Opens an audit's folder to go on with it. What a kill explains is put right: a torn line is taken
 * off, and files of a guest that has no line get theirs: they may show a crash that does not come again.
 * @throws DmraceError (usage) when it is no audit's, was merged, or another process writes there;
 *   (inconclusive) for damage that a kill does not explain
 */
export async function openResumedAudit(
  root: string,
): Promise<AuditPlace & { readonly resumed: NonNullable<AuditPlace['resumed']> }> {
  const folder = await AuditFolder.open(path.resolve(root));
  await folder.own();
  try {
    let saved = await readSavedAudit(root);
    const note = auditNoteOf(saved);
    if (note.parts) {
      throw new DmraceError('usage', {
        observed: `${root} cannot be resumed: it was merged from shards`,
        artefact: root,
        action: 'resume the shards, and merge again',
      });
    }
    if (saved.damage.length > 0) {
      throw new DmraceError('inconclusive', {
        observed: `the audit cannot go on: ${saved.damage.map(({ observed }) => observed).join('; ')}`,
        artefact: folder.root,
        action: 'see what is left with dmrace report, and run it anew into another folder',
      });
    }
    await folder.continueLines(note, saved.lines);
    const unlisted = await unlistedGuests(folder, saved.lines);
    for (const { guest, files } of unlisted) await folder.writeGuest(guest, files);
    if (unlisted.length > 0) saved = await readSavedAudit(root);
    return { folder, id: note.id, startedAt: note.startedAt, resumed: { note, saved } };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}
