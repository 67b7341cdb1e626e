// SPDX-License-Identifier: MIT
import path from 'node:path';
import { type AuditResult, judgeAudit } from '../../judge/audit.js';
import { alarmsOf, type Baseline } from '../../judge/audit-baseline.js';
import type { AuditEvidence, AuditQuestion, Observation, StaticModule } from '../../model/audit.js';
import type { Damage } from '../../model/damage.js';
import { DmraceError } from '../../model/errors.js';
import type { KnownAudit } from '../../model/known.js';
import type { Chain } from '../chain.js';
import { MANIFEST, manifestProblems } from '../manifest.js';
import { sha256 } from '../seal.js';
import { AUDIT_JSON, AuditFolder, guestFile, STATIC_JSON } from './audit-folder.js';
import type { AuditNote } from './note.js';
import { type PlannedVisit, shareOfPlan } from './share.js';
import { strayCrashes } from './stray.js';
import { type AuditLine, VISITS } from './visits.js';

/** A saved audit, read and judged. */
export interface SavedAudit {
  readonly folder: AuditFolder;
  /** audit.json, or why there is none that can be read. */
  readonly note: AuditNote | DmraceError;
  readonly lines: Chain<AuditLine>;
  readonly evidence: AuditEvidence;
  /** Everything that is not as the audit left it. */
  readonly damage: readonly Damage[];
  readonly result: AuditResult;
}

/** How a saved audit is read. */
export interface AuditReadOptions {
  /** Known findings instead of those that the audit was given. */
  readonly known?: readonly KnownAudit[] | undefined;
  /** A baseline instead of the one that it was given. */
  readonly baseline?: Baseline | undefined;
  /** SHA-256 of the manifest, which was kept elsewhere: the folder must be as it says. */
  readonly manifest?: string | undefined;
}

/**
 * Reads and judges a saved audit from its files alone. The one reader.
 * @throws DmraceError (usage) when the folder is not an audit's.
 */
export async function readSavedAudit(
  root: string,
  { known, baseline, manifest }: AuditReadOptions = {},
): Promise<SavedAudit> {
  const folder = await AuditFolder.open(path.resolve(root));
  const note = await folder.readNote().catch((error: unknown) => {
    if (error instanceof DmraceError) return error;
    throw error;
  });
  const own = note instanceof DmraceError ? null : note;
  const lines = await folder.readLines(own);
  const read = await readStatic(folder, own);
  const evidence = evidenceOf(lines, read.modules);
  const damage: Damage[] = [
    ...(note instanceof DmraceError
      ? [damageOf(AUDIT_JSON, note.facts.observed, 'what was asked and the kernel as JSON, sealed')]
      : []),
    ...read.damage,
    ...lineProblems(lines, own).map((observed) =>
      damageOf(VISITS, observed, 'a line for each visit and guest, each with its SHA-256'),
    ),
    ...(await guestDamage(folder, lines)),
    ...(manifest === undefined ? [] : await manifestProblems(folder.root, manifest)).map(
      (observed) =>
        damageOf(MANIFEST, observed, 'what the manifest says of every file of the audit'),
    ),
  ];
  const result = judgeAudit({
    question: own === null ? guessed(evidence) : questionOf(own),
    kernel: own?.kernel ?? UNKNOWN_KERNEL,
    evidence,
    problems: [
      ...damage.map(({ file, observed }) =>
        observed.startsWith(file) ? observed : `${file}: ${observed}`,
      ),
      ...(await strayCrashes(folder, evidence)),
    ],
    known: known ?? own?.known ?? null,
    baseline: baseline ?? own?.baseline ?? null,
    notes: own === null ? [] : notesOf(own),
  });
  return { folder, note, lines, evidence, damage, result };
}

const damageOf = (file: string, observed: string, expected: string): Damage => ({
  file,
  observed,
  expected,
});

/** The note of a saved audit. @throws DmraceError (inconclusive) when audit.json cannot be read. */
export function auditNoteOf({ note }: Pick<SavedAudit, 'note'>): AuditNote {
  if (note instanceof DmraceError) throw note;
  return note;
}

/** What an audit was asked, by its note: a shard is asked for its share. */
export const questionOf = (
  note: Pick<AuditNote, 'static' | 'live' | 'named' | 'plan' | 'shard'>,
): AuditQuestion => ({
  static: note.static,
  live: note.live,
  named: note.named,
  planned: note.live ? planOf(note).length : 0,
});

/** The visits that an audit makes itself. */
export const planOf = ({ plan, shard }: Pick<AuditNote, 'plan' | 'shard'>): PlannedVisit[] =>
  shareOfPlan(plan, shard ?? null);

/** An earlier audit as a baseline. @throws DmraceError as {@link readSavedAudit} does. */
export async function readBaseline(root: string): Promise<Baseline> {
  const { result, note } = await readSavedAudit(root);
  auditNoteOf({ note });
  return { folder: root, release: result.kernel.release, alarms: alarmsOf(result.findings) };
}

function notesOf({ end, shard, plan, patience, staticNotes }: AuditNote): string[] {
  return [
    ...(staticNotes ?? []),
    ...(shard ? [`shard ${shard.number} of ${shard.of}: its share of ${plan.length} visits`] : []),
    ...(end?.how === 'interrupted' ? ['interrupted; --resume goes on'] : []),
    ...(end === undefined ? ['it has not ended: it runs, or was killed; --resume goes on'] : []),
    ...(patience === 1 ? [] : [`patience ${patience}: every deadline was multiplied by it`]),
  ];
}

function evidenceOf(
  { entries }: Chain<AuditLine>,
  modules: readonly StaticModule[] | null,
): AuditEvidence {
  const lines = entries.map(({ entry }) => entry);
  return {
    static: modules,
    visits: lines.flatMap((line) => (line.is === 'visit' ? [line.visit] : [])),
    planted: lines.flatMap((line) => (line.is === 'planted' ? [line.planted] : [])),
  };
}

async function readStatic(
  folder: AuditFolder,
  note: AuditNote | null,
): Promise<{ readonly modules: readonly StaticModule[] | null; readonly damage: Damage[] }> {
  const expected = 'what the files of the modules say, as JSON';
  const read = await folder.readStatic();
  const wanted = note?.staticSha256;
  if (typeof read === 'string') {
    return {
      modules: null,
      damage:
        wanted === undefined ? [] : [damageOf(STATIC_JSON, `${STATIC_JSON} ${read}`, expected)],
    };
  }
  if (note !== null && wanted !== read.sha256) {
    const observed = `${STATIC_JSON} was changed after the audit`;
    return { modules: read.modules, damage: [damageOf(STATIC_JSON, observed, expected)] };
  }
  return { modules: read.modules, damage: [] };
}

/** Damaged lines, and lines that are gone from the end. */
function lineProblems({ problems, end }: Chain<AuditLine>, note: AuditNote | null): string[] {
  const said = note?.ledger;
  if (said === undefined || (said.lines === end.lines && said.last === end.last)) {
    return [...problems];
  }
  return [
    ...problems,
    `${VISITS} has ${end.lines} lines where the audit wrote ${said.lines}, or others`,
  ];
}

/** Files of guests that are gone or changed, and proofs that their console does not have. */
async function guestDamage(folder: AuditFolder, { entries }: Chain<AuditLine>): Promise<Damage[]> {
  const damage: Damage[] = [];
  const sealed = new Map<string, string>();
  for (const { entry } of entries) {
    if (entry.is !== 'guest') continue;
    for (const [name, sum] of Object.entries(entry.files)) {
      const file = guestFile(entry.guest, name);
      const content = await folder.readFile(file);
      if (content === null)
        damage.push(damageOf(file, `${file} cannot be read`, 'as it was written'));
      else if (sha256(content) !== sum) {
        damage.push(damageOf(file, `${file} was changed after the audit`, 'as it was written'));
      } else sealed.set(file, content.toString());
    }
  }
  for (const { entry } of entries) {
    if (entry.is !== 'visit') continue;
    for (const observation of entry.visit.observations) {
      const missing = unproven(observation, sealed);
      if (missing !== null) {
        const observed = `${entry.visit.module}: ${missing} has no line "${observation.proof?.finding.head}"`;
        damage.push(damageOf(missing, observed, 'the report of the crash that it proves'));
      }
    }
  }
  return damage;
}

/** The console that ought to have a proof's report and does not; null where all is well or unknown. */
function unproven({ proof }: Observation, sealed: ReadonlyMap<string, string>): string | null {
  if (proof?.log === undefined) return null;
  const console = sealed.get(proof.log);
  return console === undefined || console.includes(proof.finding.head) ? null : proof.log;
}

/** What can be said of an audit without its audit.json; nothing here may lead to exit code 0. */
const guessed = ({ static: read, visits }: AuditEvidence): AuditQuestion => ({
  static: read !== null,
  live: true,
  named: [],
  planned: visits.length,
});

const UNKNOWN_KERNEL = {
  spec: 'unknown',
  release: 'unknown',
  arch: 'x86_64',
  preempt: 'unknown',
  configSha256: 'unknown',
  version: 'unknown version',
} as const;
