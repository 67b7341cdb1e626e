// SPDX-License-Identifier: MIT
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { AuditFolder } from '../../../../harness/runs/audit/audit-folder.js';
import { mergeAudits } from '../../../../harness/runs/audit/merge-audits.js';
import type { AuditNote } from '../../../../harness/runs/audit/note.js';
import { readBaseline, readSavedAudit } from '../../../../harness/runs/audit/saved-audit.js';
import { EVIDENCE, KERNEL } from '../../../support/audit.js';

const work = mkdtempSync(path.join(tmpdir(), 'dmrace-audit-'));
afterAll(() => rmSync(work, { recursive: true }));

const CONSOLE = Buffer.from('BUG: unable to handle page fault for address: ffffffffc0afb180\n');
const note = (more: Partial<AuditNote> = {}): AuditNote => ({
  schema: 1,
  id: 'a',
  dmrace: '0.2.0',
  startedAt: '2026-11-28T00:00:00.000Z',
  kernel: KERNEL,
  static: true,
  live: true,
  named: [],
  all: false,
  exercises: [],
  modules: [],
  plan: EVIDENCE.visits.map(({ module, exercise }) => ({ module, exercise })),
  known: null,
  baseline: null,
  patience: 1,
  ...more,
});

let count = 0;
let root = '';
/** A folder of a whole audit, or of a shard of it. */
async function written(more: Partial<AuditNote> = {}, end = true): Promise<string> {
  const folder = await AuditFolder.create(path.join(work, `a${count++}`));
  const staticSha256 = await folder.writeStatic(EVIDENCE.static ?? []);
  const base = note({ staticSha256, ...more });
  await folder.writeNote(base);
  for (const planted of EVIDENCE.planted) await folder.writeLine({ is: 'planted', planted });
  const mine = EVIDENCE.visits.filter(
    (_, index) => !base.shard || index % base.shard.of === base.shard.number - 1,
  );
  for (const visit of mine) await folder.writeLine({ is: 'visit', visit });
  for (const guest of [1, 2]) {
    await folder.writeGuest(guest, new Map([['console.log', CONSOLE]]));
  }
  if (end) await folder.writeNote({ ...base, end: { how: 'complete' }, ledger: folder.linesEnd });
  await folder.writeManifest();
  await folder[Symbol.asyncDispose]();
  return folder.root;
}
const edit = (file: string, change: (text: string) => string): void => {
  const whole = path.join(root, file);
  const before = readFileSync(whole, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${file} has nothing of that`);
  writeFileSync(whole, after);
};

describe('a saved audit', () => {
  beforeEach(async () => {
    root = await written();
  });

  it('is judged from its files alone', async () => {
    const { result, damage, evidence } = await readSavedAudit(root);
    expect(damage).toEqual([]);
    expect(evidence).toEqual(EVIDENCE);
    expect(result).toMatchObject({ verdict: 'found', exitCode: 1 });
  });

  it('is one of each kind of folder only', async () => {
    expect(await AuditFolder.is(root)).toBe(true);
    await expect(AuditFolder.open(work)).rejects.toMatchObject({ code: 'usage' });
    await expect(AuditFolder.create(root)).rejects.toThrow(/is not empty/);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'a line that was edited',
      () => edit('visits.jsonl', (text) => text.replace('"tun_prog_free"', '"tun_prog_frex"')),
      /visits.jsonl line \d+ is damaged/,
    ],
    [
      'a line that is gone',
      () => edit('visits.jsonl', (text) => text.split('\n').toSpliced(13, 1).join('\n')),
      /a line is missing before line 14/,
    ],
    [
      'lines that are gone from the end',
      () => edit('visits.jsonl', (text) => text.split('\n').toSpliced(-3, 2).join('\n')),
      /has \d+ lines where the audit wrote \d+/,
    ],
    [
      'a console that was changed',
      () => edit('guest-2/console.log', (text) => text.replace('BUG', 'bug')),
      /guest-2\/console.log was changed/,
    ],
    [
      'a console that is gone',
      () => rmSync(path.join(root, 'guest-1'), { recursive: true }),
      /cannot be read/,
    ],
    [
      'a static part that was changed',
      () => edit('static.json', (text) => text.replace('edd_release', 'edd_releasx')),
      /static.json was changed/,
    ],
    [
      'an audit.json that was edited',
      () => edit('audit.json', (text) => text.replace('"named": []', '"named": ["x"]')),
      /audit.json/,
    ],
  ])('with %s is damaged, and keeps what it shows', async (_, damage, says) => {
    damage();
    const { result, damage: found } = await readSavedAudit(root);
    expect(found.map(({ observed }) => observed).join('\n')).toMatch(says);
    expect(result.exitCode).not.toBe(0);
    expect(result.findings.find(({ id }) => id === 'class-release:class_release')?.word).toBe(
      'proven',
    );
  });

  it('that is damaged excuses nothing', async () => {
    const known = [
      { finding: 'class-release:class_release', kernel: { from: null, to: null }, reference: 'a' },
      {
        finding: 'rcu-callback:tun:tun_prog_free',
        kernel: { from: null, to: null },
        reference: 'b',
      },
    ];
    expect((await readSavedAudit(root, { known })).result.exitCode).toBe(0);
    edit('static.json', (text) => text.replace('edd_release', 'x'));
    expect((await readSavedAudit(root, { known })).result.exitCode).toBe(1);
  });

  it('whose proof its console does not have is damaged', async () => {
    const folder = await AuditFolder.create(path.join(work, `a${count++}`));
    await folder.writeNote(note({ static: false }));
    for (const planted of EVIDENCE.planted) await folder.writeLine({ is: 'planted', planted });
    for (const visit of EVIDENCE.visits) await folder.writeLine({ is: 'visit', visit });
    await folder.writeGuest(1, new Map([['console.log', CONSOLE]]));
    await folder.writeGuest(2, new Map([['console.log', Buffer.from('all is well\n')]]));
    await folder.writeNote(
      note({ static: false, end: { how: 'complete' }, ledger: folder.linesEnd }),
    );
    await folder[Symbol.asyncDispose]();
    const { damage } = await readSavedAudit(folder.root);
    expect(damage.map(({ observed }) => observed)).toEqual([
      'tun: guest-2/console.log has no line "BUG: unable to handle page fault for address: ffffffffc0afb180"',
    ]);
  });

  it('ends at a torn line, which is no damage', async () => {
    root = await written({}, false);
    appendFileSync(path.join(root, 'visits.jsonl'), '0123 {"half');
    const { damage, lines, result } = await readSavedAudit(root);
    expect([damage, lines.torn]).toEqual([[], true]);
    expect(result.reasons.join()).toContain('it has not ended');
  });

  it('is checked against a manifest that was kept elsewhere', async () => {
    const { damage } = await readSavedAudit(root, { manifest: '0'.repeat(64) });
    expect(damage.map(({ file }) => file)).toEqual(['SHA256SUMS']);
  });

  it('is a baseline', async () => {
    const baseline = await readBaseline(root);
    expect(baseline.alarms).toHaveLength(3);
    expect((await readSavedAudit(root, { baseline })).result).toMatchObject({
      verdict: 'found',
      exitCode: 0,
    });
  });
});

describe('shards of an audit', () => {
  const shard = (number: number) => written({ id: `s${number}`, shard: { number, of: 2 } });

  it('come to what the whole comes to, in any order', async () => {
    const whole = (await readSavedAudit(await written())).result;
    const shards = [await shard(1), await shard(2)];
    for (const roots of [shards, shards.toReversed()]) {
      const { folder, saved } = await mergeAudits(roots, path.join(work, `m${count++}`));
      await folder[Symbol.asyncDispose]();
      expect(saved.damage).toEqual([]);
      expect(saved.result.verdict).toBe(whole.verdict);
      expect(saved.result.findings.map(({ id, word }) => [id, word])).toEqual(
        whole.findings.map(({ id, word }) => [id, word]),
      );
      const guests = saved.lines.entries.flatMap(({ entry }) =>
        entry.is === 'guest' ? [entry.guest] : [],
      );
      expect(new Set(guests).size).toBe(4);
    }
  });

  it('of which one is absent are inconclusive where nothing was found, and say so', async () => {
    const { folder, saved } = await mergeAudits([await shard(1)], path.join(work, `m${count++}`));
    await folder[Symbol.asyncDispose]();
    expect(saved.result.reasons.join()).toContain('4 of 7 planned visits were made');
  });

  it('are refused when one is given twice, is none, or is of another audit', async () => {
    const one = await shard(1);
    const out = () => path.join(work, `m${count++}`);
    await expect(mergeAudits([one, one], out())).rejects.toThrow(/shard 1 of 2 is given twice/);
    await expect(mergeAudits([await written()], out())).rejects.toThrow(/is no shard/);
    const other = await written({
      shard: { number: 2, of: 2 },
      kernel: { ...KERNEL, release: '6.1.0' },
    });
    await expect(mergeAudits([one, other], out())).rejects.toThrow(/kernel release was/);
  });
});
