// SPDX-License-Identifier: MIT
// What a killed audit left of a crash, by a real one's files (test/fixtures/audits).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openResumedAudit } from '../../../../harness/campaign/audit/place.js';
import { AuditFolder } from '../../../../harness/runs/audit/audit-folder.js';
import { auditNoteOf, readSavedAudit } from '../../../../harness/runs/audit/saved-audit.js';
import { unlistedGuests } from '../../../../harness/runs/audit/stray.js';
import type { AuditLine } from '../../../../harness/runs/audit/visits.js';

const FIXTURE = path.resolve('test/fixtures/audits/live-6.12');
/** Visit 3 of guest 1 is zram's, and crashed. */
const CRASHED = 'guest-1/3-console.log';

const work = mkdtempSync(path.join(tmpdir(), 'dmrace-stray-'));
afterAll(() => rmSync(work, { recursive: true }));

let count = 0;
let recorded: AuditLine[] = [];
const isZram = (line: AuditLine): boolean => line.is === 'visit' && line.visit.module === 'zram';
const hasCrashed = (line: AuditLine): boolean =>
  line.is === 'guest' && line.guest === 1 && '3-console.log' in line.files;

/** The fixture's lines as a folder of their own, and with no line more for some of its guests. */
async function written(
  lines: readonly AuditLine[],
  { without = () => false, ends = false }: { without?: typeof isZram; ends?: boolean } = {},
): Promise<string> {
  const saved = await readSavedAudit(FIXTURE);
  const { ledger: _, end: __, ...note } = auditNoteOf(saved);
  const folder = await AuditFolder.create(path.join(work, `a${count++}`));
  await folder.writeNote(note);
  const missing: AuditLine[] = [];
  for (const line of lines) {
    if (line.is !== 'guest') await folder.writeLine(line);
    else {
      const files = new Map<string, Uint8Array>();
      for (const name of Object.keys(line.files)) {
        const content = await saved.folder.readFile(`guest-${line.guest}/${name}`);
        if (content) files.set(name, content);
      }
      await folder.writeGuest(line.guest, files);
      if (without(line)) missing.push(line);
    }
  }
  if (missing.length > 0) await folder.writeLines(lines.filter((line) => !without(line)));
  if (ends) {
    await folder.writeNote({ ...note, end: { how: 'complete' }, ledger: folder.linesEnd });
  }
  await folder[Symbol.asyncDispose]();
  return folder.root;
}

beforeEach(async () => {
  recorded = (await readSavedAudit(FIXTURE)).lines.entries.map(({ entry }) => entry);
});

const reasons = async (root: string): Promise<string> =>
  (await readSavedAudit(root)).result.reasons.join('\n');
const STRAY = /guest-1\/3-console\.log shows ".*", and no visit tells of it/;

describe('a crash that a console shows', () => {
  it('is told by its visit', async () => {
    expect(await reasons(await written(recorded, { ends: true }))).not.toMatch(STRAY);
  });

  it('counts where a kill kept the visit from its line', async () => {
    const root = await written(recorded.filter((line) => !isZram(line)));
    expect(await reasons(root)).toMatch(STRAY);
  });

  it('counts where a kill kept the guest from its line too, and is no damage', async () => {
    const lines = recorded.filter((line) => !isZram(line));
    const root = await written(lines, { without: hasCrashed });
    const saved = await readSavedAudit(root);
    expect(saved.result.reasons.join('\n')).toMatch(STRAY);
    expect(saved.damage).toEqual([]);
    const [guest] = await unlistedGuests(saved.folder, saved.lines);
    expect(guest?.guest).toBe(1);
    expect([...(guest?.files.keys() ?? [])]).toContain('3-console.log');
  });

  const again = (change: (line: AuditLine) => AuditLine): AuditLine[] => [
    ...recorded.filter((line) => !isZram(line)),
    ...recorded.filter(isZram).map(change),
  ];

  it('is never lost by a visit that is made again and does not crash', async () => {
    const clean = again((line) =>
      line.is === 'visit'
        ? { is: 'visit', visit: { ...line.visit, guest: 9, observations: [] } }
        : line,
    );
    const { result } = await readSavedAudit(await written(clean, { ends: true }));
    expect(result.reasons.join('\n')).toMatch(STRAY);
    expect(result.verdict).not.toBe('nothing-seen');
  });

  it('is told by a visit that is made again and crashes', async () => {
    const crashes = again((line) =>
      line.is === 'visit' ? { is: 'visit', visit: { ...line.visit, guest: 9 } } : line,
    );
    expect(await reasons(await written(crashes, { ends: true }))).not.toMatch(STRAY);
  });
});

it('an audit that goes on gives what a kill left its line', async () => {
  const root = await written(
    recorded.filter((line) => !isZram(line)),
    { without: hasCrashed },
  );
  const { folder, resumed } = await openResumedAudit(root);
  await folder[Symbol.asyncDispose]();
  const { entries } = resumed.saved.lines;
  expect(entries.some(({ entry }) => hasCrashed(entry))).toBe(true);
  expect(await folder.readFile(CRASHED)).not.toBeNull();
  expect(await reasons(root)).toMatch(STRAY);
});
