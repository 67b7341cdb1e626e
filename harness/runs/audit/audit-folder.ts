// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { StaticModule } from '../../model/audit.js';
import { DmraceError } from '../../model/errors.js';
import { type Exercise, ExerciseFile } from '../../model/exercise.js';
import { parseJson, readJson } from '../../util/json.js';
import type { Chain, LedgerEnd } from '../chain.js';
import { NO_LINES } from '../chain.js';
import { RunFolder } from '../folder.js';
import { isAsSealed, sealedText, sha256 } from '../seal.js';
import { AuditNote } from './note.js';
import { StaticModuleJson } from './visit-json.js';
import { type AuditLine, auditLine, linesStart, readAuditLines, VISITS } from './visits.js';

/** What was asked, and how it ended. */
export const AUDIT_JSON = 'audit.json';
/** What the static part said. */
export const STATIC_JSON = 'static.json';

/** The exercises that its visits had. */
export const EXERCISES_JSON = 'exercises.json';

const ExerciseJson = ExerciseFile.extend({ name: z.string(), family: z.string() });

/** The folder of a guest's files, inside the audit's. */
export const guestFolder = (guest: number): string => `guest-${guest}`;

/** A file that a guest left, inside the audit's folder. */
export const guestFile = (guest: number, name: string): string => `${guestFolder(guest)}/${name}`;

/**
 * The folder of one audit: `audit.json`, `static.json`, `visits.jsonl` with a line for each visit and
 * each guest that has ended, `verdict.json`, and `guest-N/` with what each guest left.
 */
export class AuditFolder extends RunFolder {
  #start: LedgerEnd = NO_LINES;
  #end: LedgerEnd = NO_LINES;

  /** A new folder, of which this process is the one owner. @throws DmraceError as RunFolder does. */
  static async create(root: string): Promise<AuditFolder> {
    const folder = new AuditFolder(root);
    await folder.begin();
    return folder;
  }

  /** @throws DmraceError (usage) when the folder is not an audit's. */
  static async open(root: string): Promise<AuditFolder> {
    if (await AuditFolder.is(root)) return new AuditFolder(root);
    throw new DmraceError('usage', {
      observed: `${root} is not an audit: it has neither ${AUDIT_JSON} nor ${VISITS}`,
      artefact: root,
      action: 'name a folder that dmrace audit --out made',
    });
  }

  /** Whether a folder is an audit's, damaged or not. */
  static async is(root: string): Promise<boolean> {
    for (const name of [AUDIT_JSON, VISITS]) {
      if ((await stat(path.join(root, name)).catch(() => null))?.isFile()) return true;
    }
    return false;
  }

  /** To be written before the first line, which says that it follows this note. */
  async writeNote(note: AuditNote): Promise<void> {
    if (this.#end === this.#start) this.#end = linesStart(note);
    this.#start = linesStart(note);
    this.replace(path.join(this.root, AUDIT_JSON), sealedText(note));
  }

  /** Keeps what the static part said. @returns its SHA-256, for the note */
  async writeStatic(modules: readonly StaticModule[]): Promise<string> {
    const text = `${JSON.stringify(modules, null, 1)}\n`;
    this.replace(path.join(this.root, STATIC_JSON), text);
    return sha256(text);
  }

  /** Keeps the exercises, by which a reproducer is written. */
  async writeExercises(exercises: readonly Exercise[]): Promise<void> {
    this.replace(path.join(this.root, EXERCISES_JSON), `${JSON.stringify(exercises, null, 2)}\n`);
  }

  /** The exercises of the audit by name; none where the file is gone or damaged. */
  async readExercises(): Promise<ReadonlyMap<string, Exercise>> {
    const read = await readJson(path.join(this.root, EXERCISES_JSON), z.array(ExerciseJson));
    return new Map((read ?? []).map((exercise) => [exercise.name, exercise]));
  }

  /** Keeps what a guest left, then its line: only what has a line counts as whole. */
  async writeGuest(guest: number, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const [name, content] of files) {
      this.write(path.join(this.root, guestFile(guest, name)), content);
    }
    const sums = Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)]));
    await this.writeLine({ is: 'guest', guest, files: sums });
  }

  /** Notes what has ended in visits.jsonl. */
  async writeLine(entry: AuditLine): Promise<void> {
    const { line, end } = auditLine(entry, this.#end);
    this.append(path.join(this.root, VISITS), line);
    this.#end = end;
  }

  /** Writes visits.jsonl anew, e.g. without a torn last line. */
  async writeLines(lines: readonly AuditLine[]): Promise<void> {
    this.#end = this.#start;
    const text = lines.map((entry) => {
      const { line, end } = auditLine(entry, this.#end);
      this.#end = end;
      return `${line}\n`;
    });
    this.replace(path.join(this.root, VISITS), text.join(''));
  }

  /** How far this object has written visits.jsonl. */
  get linesEnd(): LedgerEnd {
    return this.#end;
  }

  /** Goes on with lines that were read; a torn last one is taken off. */
  async continueLines(note: AuditNote, { entries, torn, end }: Chain<AuditLine>): Promise<void> {
    this.#start = linesStart(note);
    if (torn) await this.writeLines(entries.map(({ entry }) => entry));
    else this.#end = end;
  }

  /** visits.jsonl as it is; empty where there is none. */
  async readLines(note: AuditNote | null): Promise<Chain<AuditLine>> {
    const text = await readFile(path.join(this.root, VISITS), 'utf8').catch(() => '');
    return readAuditLines(text, note === null ? NO_LINES : linesStart(note));
  }

  /** @throws DmraceError (inconclusive) when audit.json is damaged. */
  async readNote(): Promise<AuditNote> {
    const file = path.join(this.root, AUDIT_JSON);
    const damaged = (observed: string): DmraceError =>
      new DmraceError(
        'inconclusive',
        {
          observed: `${AUDIT_JSON} ${observed}`,
          artefact: file,
          action: 'the audit is damaged: run it again, or look at what is left with dmrace report',
        },
        'run-damaged',
      );
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw damaged(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
    });
    const parsed = parseJson(text, AuditNote.extend({ seal: z.string() }));
    if (!parsed.ok) throw damaged(`is damaged: ${parsed.problem}`);
    if (!isAsSealed(text)) throw damaged('was changed after the audit');
    const { seal: _, ...note } = parsed.value;
    return note;
  }

  /** What the static part said, with its SHA-256; or why it cannot be read. */
  async readStatic(): Promise<
    { readonly modules: readonly StaticModule[]; readonly sha256: string } | string
  > {
    const text = await readFile(path.join(this.root, STATIC_JSON), 'utf8').catch(() => null);
    if (text === null) return 'cannot be read';
    const parsed = parseJson(text, z.array(StaticModuleJson));
    return parsed.ok
      ? { modules: parsed.value, sha256: sha256(text) }
      : `is damaged: ${parsed.problem}`;
  }

  /** A file of the folder, e.g. `guest-3/console.log`; null when it cannot be read. */
  async readFile(file: string): Promise<Buffer | null> {
    return readFile(path.join(this.root, file)).catch(() => null);
  }
}
