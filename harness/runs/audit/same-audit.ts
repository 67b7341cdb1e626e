// SPDX-License-Identifier: MIT
import { DmraceError } from '../../model/errors.js';
import { sha256 } from '../seal.js';
import type { AuditNote } from './note.js';

/** What decides what an audit's visits are. */
function facts(note: AuditNote): Record<string, string> {
  const { kernel, shard } = note;
  return {
    'version of dmrace': note.dmrace,
    'kernel release': kernel.release,
    'kernel version': kernel.version,
    'kernel configuration': kernel.configSha256,
    'kernel image (SHA-256)': kernel.imageSha256 ?? 'unknown',
    'patches of the kernel': JSON.stringify(
      (kernel.patches ?? []).map(({ subject, sha256 }) => [subject, sha256]),
    ),
    architecture: kernel.arch,
    'static part': String(note.static),
    'live part': String(note.live),
    'named modules': note.named.join(),
    'plan of visits (SHA-256)': sha256(JSON.stringify(note.plan)),
    shard: shard ? `${shard.number}/${shard.of}` : 'none',
  };
}

/**
 * What is resumed must be what was begun, and what is merged must be parts of one audit.
 * @throws DmraceError (usage) that names the first difference.
 */
export function sameAudit(begun: AuditNote, now: AuditNote): void {
  const old = facts(begun);
  for (const [name, value] of Object.entries(facts(now))) {
    if (old[name] === value) continue;
    throw new DmraceError('usage', {
      observed: `the audit cannot be resumed or merged: ${name} was ${old[name]}, now it is ${value}`,
      action: 'begin a new audit',
    });
  }
}
