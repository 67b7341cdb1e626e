// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { newestAudits } from '../campaign/audit/newest.js';
import { DmraceError } from '../model/errors.js';
import { findingReproducer } from '../reproducer/audit.js';
import type { Reproducer } from '../reproducer/plan.js';
import { reproducerOf } from '../reproducer/write.js';
import { readSavedAudit, type SavedAudit } from '../runs/audit/saved-audit.js';
import { assets } from '../util/assets.js';
import { version } from '../util/version.js';
import type { AuditOptions } from './audit-options.js';
import { writeReproducer } from './reproducer-folder.js';

/**
 * `dmrace audit --reproducer FINDING --output DIR`: a reproducer of a finding of a saved audit.
 * @throws DmraceError (usage)
 */
export async function writeAuditReproducer(
  options: Pick<AuditOptions, 'reproducer' | 'from' | 'output'>,
): Promise<number> {
  const { reproducer, from, output } = options;
  if (reproducer === undefined || output === undefined) {
    throw new DmraceError('usage', {
      observed: `--reproducer and --output go together; ${reproducer === undefined ? '--reproducer' : '--output'} is missing`,
      action: 'give both: --reproducer FINDING --output DIR',
    });
  }
  const saved = await auditWithFinding(reproducer, from);
  await writeReproducer(await reproducerIn(saved, reproducer), path.resolve(output));
  return 0;
}

/** The reproducer of a finding of an audit that was read. @throws DmraceError (usage) without it. */
async function reproducerIn(saved: SavedAudit, id: string): Promise<Reproducer> {
  const finding = saved.result.findings.find((one) => one.id === id);
  if (!finding) throw noSuch(id, [saved]);
  return reproducerOf(
    findingReproducer({
      finding,
      kernel: saved.result.kernel,
      exercises: await saved.folder.readExercises(),
      scripts: await guestScripts(),
      dmrace: version(),
    }),
  );
}

/** What the guests of an audit have beside Debian's programs (vm/audit/tools). */
async function guestScripts(): Promise<ReadonlyMap<string, string>> {
  const folder = assets('vm/audit/tools');
  const names = await readdir(folder).catch(() => []);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const),
    ),
  );
}

async function auditWithFinding(id: string, from: string | undefined): Promise<SavedAudit> {
  const folders = from === undefined ? await newestAudits() : [path.resolve(from)];
  if (folders.length === 0) {
    throw new DmraceError('usage', {
      observed: '--reproducer without --from: there is no audit below ./dmrace-runs',
      action: 'run dmrace audit first, or name its folder: --from DIR',
    });
  }
  const read: SavedAudit[] = [];
  for (const folder of folders) {
    const saved = await readSavedAudit(folder);
    if (saved.result.findings.some((finding) => finding.id === id)) return saved;
    read.push(saved);
  }
  throw noSuch(id, read);
}

function noSuch(id: string, read: readonly SavedAudit[]): DmraceError {
  const proven = read
    .flatMap(({ result }) => result.findings)
    .filter(({ word }) => word === 'proven')
    .map((finding) => finding.id);
  return new DmraceError('usage', {
    observed: `--reproducer ${id}: no such finding in ${read.map(({ folder }) => folder.root).join(', ')}`,
    action:
      proven.length === 0
        ? 'no finding there is proven'
        : `name one that is proven: ${[...new Set(proven)].slice(0, 5).join(', ')}`,
  });
}
