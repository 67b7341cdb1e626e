// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';
import type { Stages } from '../../ports.js';
import { requireKvm } from '../../qemu/kvm-access.js';
import type { AuditFolder } from '../../runs/audit/audit-folder.js';
import type { AuditNote } from '../../runs/audit/note.js';
import { sameAudit } from '../../runs/audit/same-audit.js';
import { readSavedAudit } from '../../runs/audit/saved-audit.js';
import { setPatience } from '../../util/patience.js';
import { telling, type Work } from '../../util/work.js';
import { openWork } from '../set-up.js';
import { COMPLETE, makeShare } from './make-share.js';
import { type AuditPlace, openAuditPlace } from './place.js';
import type { AuditedKernel, AuditParts } from './ports.js';
import { exercisesOf, noteOf, prepared, staticOf } from './prepared.js';
import type { AuditRequest } from './request.js';
import type { RunningAudit } from './running.js';

/** An audit that has ended, by itself or by an interrupt. */
export interface EndedAudit {
  readonly folder: AuditFolder;
  readonly result: AuditResult;
  readonly timing: Readonly<Record<string, number>>;
  /** SHA-256 of the manifest, for `judge --manifest`. */
  readonly manifest: string;
}

/**
 * Asks of a kernel's modules whether anything of them can be called or read after their unload.
 * @param place the folder of an audit that goes on; null for a new one
 * @throws DmraceError; what was done until then is in the folder and can be gone on with
 */
export async function audit<K extends AuditedKernel>(
  request: AuditRequest,
  parts: AuditParts<K>,
  { stages, signal }: { readonly stages: Stages; readonly signal: AbortSignal },
  resumed: AuditPlace | null = null,
): Promise<EndedAudit> {
  setPatience(request.patience);
  const work = await openWork(request.arch, signal);
  if (request.live) await requireKvm(request.arch, request.accel);
  return auditWith(work, request, parts, { stages, resumed });
}

/** The audit itself, where all that it works with is there. Exported for its test. */
export async function auditWith<K extends AuditedKernel>(
  work: Work,
  request: AuditRequest,
  parts: AuditParts<K>,
  { stages, resumed }: { readonly stages: Stages; readonly resumed: AuditPlace | null },
): Promise<EndedAudit> {
  const started = performance.now();
  const place = resumed ?? (await openAuditPlace(work, request));
  const { folder } = place;
  await stagesOf({ work, request, parts, stages, place }).catch(async (error: unknown) => {
    if (resumed) await folder[Symbol.asyncDispose]();
    else await folder.removeIfEmpty();
    throw error;
  });
  const { result } = await readSavedAudit(folder.root);
  const timing = { ...stages.timing, totalMs: Math.round(performance.now() - started) };
  const { verdict, reasons, exitCode } = result;
  await folder.writeVerdict({ schema: 1, verdict, reasons, exitCode, timing });
  const manifest = await folder.writeManifest();
  await folder[Symbol.asyncDispose]();
  return { folder, result, timing, manifest };
}

async function stagesOf<K extends AuditedKernel>(asked: RunningAudit<K>): Promise<void> {
  const { work, request, parts, stages, place } = asked;
  const { folder } = place;
  const { kernel, steps, named } = await prepared(asked);
  let note: AuditNote = {
    ...noteOf(asked, kernel, { steps, named }),
    ...staticOf(place.resumed?.note),
  };
  if (place.resumed) sameAudit(place.resumed.note, note);
  // Written before the first visit too: what an interrupt leaves can still be judged.
  await folder.writeNote(note);
  await folder.writeExercises(exercisesOf(steps));
  if (request.static && note.staticSha256 === undefined) {
    const read = await stages.stage(
      { title: 'Static: the files of the modules', name: 'static' },
      (say) =>
        parts.static(telling(work, say), kernel, {
          modules: named.length > 0 ? named : null,
          files: request.moduleFiles,
        }),
    );
    const staticSha256 = await folder.writeStatic(read.modules);
    note = { ...note, staticSha256, staticNotes: [...read.notes] };
    await folder.writeNote(note);
  }
  const end = request.live ? await makeShare(asked, kernel, { steps, note }) : { end: COMPLETE };
  await folder.writeNote({ ...note, ...end, ledger: folder.linesEnd });
}
