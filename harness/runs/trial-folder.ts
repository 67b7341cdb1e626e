// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Damage } from '../model/damage.js';
import { type TrialFiles, type TrialNote, trialName } from '../model/trial.js';
import { parseJson } from '../util/json.js';
import { NoteJson, noteFromJson, noteToJson } from './plan-json.js';

/** What each file of a trial's folder is to hold; those after the notes are what the judge sees. */
export const EXPECTED = {
  'trial.json': 'the plan and the end of the trial as JSON, schema 1',
  'console.log': 'what the guest’s console said during the trial; may be empty',
  'ready-records.jsonl': 'one JSON record a line, from "boot" to "ready"',
  'records.jsonl': 'one JSON record a line, the last one "closing"',
  'trace.txt': 'the guest’s ftrace buffer as text',
} as const;

/** Sizes and hashes of a trial's evidence, so that a file that was cut or edited later is told. */
const Seals = z.record(
  z.string(),
  z.strictObject({
    bytes: z.int().nonnegative(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);

/** trial.json: the note, and since v0.2 the seals of the files beside it. */
const SavedNote = NoteJson.extend({ seals: Seals.optional() });
type SavedNote = z.infer<typeof SavedNote>;

const sealOf = (content: Uint8Array) => ({
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

/** The contents of the files of {@link EXPECTED}, trial.json last and with its seals. */
export function savedFiles(files: TrialFiles): (readonly [string, Uint8Array])[] {
  const evidence = [
    ['console.log', files.console],
    ['ready-records.jsonl', Buffer.from(files.readyRecords)],
    ['records.jsonl', Buffer.from(files.records)],
    ['trace.txt', Buffer.from(files.trace)],
  ] as const;
  const note: SavedNote = {
    ...noteToJson(files.note),
    seals: Object.fromEntries(evidence.map(([name, content]) => [name, sealOf(content)])),
  };
  return [...evidence, ['trial.json', Buffer.from(`${JSON.stringify(note, null, 2)}\n`)]];
}

/** A trial's folder, read; `note` is null when trial.json is damaged. */
export interface ReadTrial extends Omit<TrialFiles, 'note'> {
  readonly name: string;
  readonly note: TrialNote | null;
  /** Empty when every file is there and as it was written. Files that are gone are empty here. */
  readonly damage: readonly Damage[];
}

/** Reads a trial's folder as far as it goes; never throws. */
export async function readTrialFolder(root: string, name: string): Promise<ReadTrial> {
  const damage: Damage[] = [];
  const say = (file: keyof typeof EXPECTED, observed: string): void => {
    damage.push({ file: `${name}/${file}`, observed, expected: EXPECTED[file] });
  };
  const part = async (file: keyof typeof EXPECTED): Promise<Buffer | null> =>
    readFile(path.join(root, name, file)).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      say(file, `${file} cannot be read (${why})`);
      return null;
    });

  const noteText = await part('trial.json');
  const parsed = noteText === null ? null : parseJson(noteText.toString(), SavedNote);
  if (parsed && !parsed.ok) say('trial.json', `trial.json is damaged: ${parsed.problem}`);
  const saved = parsed?.ok ? parsed.value : null;
  const sealed = async (file: keyof typeof EXPECTED): Promise<Buffer> => {
    const content = await part(file);
    const seal = saved?.seals?.[file];
    if (content && seal && sealOf(content).sha256 !== seal.sha256) {
      const sizes = content.length === seal.bytes ? 'as many' : String(seal.bytes);
      say(
        file,
        `${file} was changed after the run: it has ${content.length} bytes where the run wrote ${sizes}, and another SHA-256`,
      );
    }
    return content ?? Buffer.alloc(0);
  };
  const read = {
    name,
    console: await sealed('console.log'),
    readyRecords: (await sealed('ready-records.jsonl')).toString(),
    records: (await sealed('records.jsonl')).toString(),
    trace: (await sealed('trace.txt')).toString(),
  };
  if (saved && trialName(saved.plan) !== name) {
    say('trial.json', 'trial.json belongs to another trial');
  }
  if (!saved) return { ...read, note: null, damage };
  const { seals: _, ...json } = saved;
  const note = noteFromJson(json);
  if (typeof note !== 'string') return { ...read, note, damage };
  say('trial.json', `trial.json is damaged: ${note}`);
  return { ...read, note: null, damage };
}
