// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Damage } from '../model/damage.js';
import type { KeptDump } from '../model/dump.js';
import { type GuestOutput, type TrialFiles, type TrialNote, trialName } from '../model/trial.js';
import { parseJson } from '../util/json.js';
import { NoteJson, noteFromJson, noteText } from './plan-json.js';
import { sha256 } from './seal.js';

/** What each file of a trial's folder is to hold; those after the notes are what the judge sees. */
export const EXPECTED = {
  'trial.json': 'the plan and the end of the trial as JSON, sealed',
  'boot-console.log':
    'what the console said while the saved guest booted; only where that tells of a crash',
  'console.log': 'what the guest’s console said during the trial; may be empty',
  'ready-records.jsonl': 'one JSON record a line, from "boot" to "ready"',
  'records.jsonl': 'one JSON record a line, the last one "closing"',
  'trace.txt': 'the guest’s ftrace buffer as text',
} as const;

const sealOf = (content: Uint8Array) => ({ bytes: content.length, sha256: sha256(content) });

/** The contents of the files of {@link EXPECTED}, trial.json last and with its seals. */
export function savedFiles(files: TrialFiles): (readonly [string, Uint8Array])[] {
  const evidence = [
    ['console.log', files.console],
    ['ready-records.jsonl', Buffer.from(files.readyRecords)],
    ['records.jsonl', Buffer.from(files.records)],
    ['trace.txt', Buffer.from(files.trace)],
    ...(files.boot ? [['boot-console.log', files.boot] as const] : []),
  ] as const;
  const seals = Object.fromEntries(evidence.map(([name, content]) => [name, sealOf(content)]));
  return [...evidence, ['trial.json', Buffer.from(noteText(files.note, seals))]];
}

/** A trial's folder, read; `note` is null when trial.json is damaged. */
export interface ReadTrial extends GuestOutput {
  readonly name: string;
  readonly note: TrialNote | null;
  /** Empty when every file is there and as it was written. Files that are gone are empty here. */
  readonly damage: readonly Damage[];
  /**
   * What can still be relied on: the files that are as their seals say, the others empty. Null when
   * trial.json is damaged, belongs to another trial, or has no seals.
   */
  readonly sound: TrialFiles | null;
  /** What is wrong with its dump, which no verdict depends on; null when nothing is, or it has none. */
  readonly dumpProblem: string | null;
  /** trial.json, which is written last, is not there: the trial was being written when it was cut. */
  readonly unfinished: boolean;
}

/** Reads a trial's folder as far as it goes; never throws. */
export async function readTrialFolder(root: string, name: string): Promise<ReadTrial> {
  const damage: Damage[] = [];
  const say = (file: keyof typeof EXPECTED, observed: string): void => {
    damage.push({ file: `${name}/${file}`, observed, expected: EXPECTED[file] });
  };
  let absent = false;
  const part = async (file: keyof typeof EXPECTED): Promise<Buffer | null> =>
    readFile(path.join(root, name, file)).catch((error: unknown) => {
      absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      say(
        file,
        `${file} cannot be read (${error instanceof Error ? error.message : String(error)})`,
      );
      return null;
    });

  const text = await part('trial.json');
  const unfinished = text === null && absent;
  const parsed = text === null ? null : parseJson(text.toString(), NoteJson);
  const note = parsed?.ok ? noteFromJson(parsed.value, text?.toString() ?? '') : null;
  if (parsed && !parsed.ok) say('trial.json', `trial.json is damaged: ${parsed.problem}`);
  if (typeof note === 'string') say('trial.json', `trial.json is damaged: ${note}`);
  const seals = parsed?.ok ? parsed.value.seals : undefined;
  const broken = new Set<string>();
  const sealed = async (file: keyof typeof EXPECTED): Promise<Buffer> => {
    const content = await part(file);
    const seal = seals?.[file];
    if (content === null) broken.add(file);
    else if (seals && (!seal || sha256(content) !== seal.sha256)) {
      broken.add(file);
      const sizes = content.length === seal?.bytes ? 'as many' : String(seal?.bytes ?? 'nothing');
      say(
        file,
        `${file} was changed after the run: it has ${content.length} bytes where the run wrote ${sizes}, and another SHA-256`,
      );
    }
    return content ?? Buffer.alloc(0);
  };
  const output = {
    console: await sealed('console.log'),
    readyRecords: (await sealed('ready-records.jsonl')).toString(),
    records: (await sealed('records.jsonl')).toString(),
    trace: (await sealed('trace.txt')).toString(),
    ...(seals?.['boot-console.log'] ? { boot: await sealed('boot-console.log') } : {}),
  };
  const mine = parsed?.ok === true && trialName(parsed.value.plan) === name;
  if (parsed?.ok && !mine) say('trial.json', 'trial.json belongs to another trial');
  const readable = typeof note === 'string' ? null : note;
  const whole = (file: keyof typeof EXPECTED): boolean => !broken.has(file);
  return {
    ...output,
    name,
    note: readable,
    damage,
    dumpProblem: readable?.dump?.kept ? await dumpProblem(root, name, readable.dump) : null,
    unfinished,
    sound:
      readable && mine && seals
        ? {
            note: readable,
            console: whole('console.log') ? output.console : Buffer.alloc(0),
            readyRecords: whole('ready-records.jsonl') ? output.readyRecords : '',
            records: whole('records.jsonl') ? output.records : '',
            trace: whole('trace.txt') ? output.trace : '',
            ...(output.boot && whole('boot-console.log') ? { boot: output.boot } : {}),
          }
        : null,
  };
}

/** By its size: reading it is for the manifest, which covers it as it does every file. */
async function dumpProblem(root: string, name: string, dump: KeptDump): Promise<string | null> {
  const found = await stat(path.join(root, name, dump.file)).catch(() => null);
  if (found === null) return `${name}: its ${dump.file} is gone`;
  if (found.size === dump.bytes) return null;
  return `${name}: its ${dump.file} has ${found.size} bytes where the run wrote ${dump.bytes}`;
}
