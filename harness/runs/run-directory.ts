// SPDX-License-Identifier: MIT
import { renameSync, rmSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DUMP_FILE } from '../model/dump.js';
import { DmraceError } from '../model/errors.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import { type TrialFiles, type TrialPlan, type TrialResult, trialName } from '../model/trial.js';
import { explainIo } from '../util/io.js';
import { parseJson } from '../util/json.js';
import { RunFolder } from './folder.js';
import {
  type Ledger,
  type LedgerEnd,
  type LedgerEntry,
  ledgerLine,
  NO_LINES,
  readLedger,
} from './ledger.js';
import { resultToJson } from './result-json.js';
import { RunNote } from './run-note.js';
import { isAsSealed, sealedText } from './seal.js';
import { type ReadTrial, readTrialFolder, savedFiles } from './trial-folder.js';

const RUN_JSON = 'run.json';
const LEDGER = 'trials.jsonl';
/** Dumps that are being written. */
const DUMPING = 'dumping';

/** Where {@link RunDirectory.writeReady} keeps a boot. */
export const readyFolder = (placement: Placement): string => `ready-${placement}`;

/**
 * The folder of one run: `run.json`, `verdict.json`, `trials.jsonl` with a line for each trial, and
 * for each trial whose files are kept `PLACEMENT-INDEX/` with console.log, ready-records.jsonl,
 * records.jsonl, trace.txt, qemu.argv, trial.json and result.json.
 */
export class RunDirectory extends RunFolder {
  #ledgerEnd: LedgerEnd = NO_LINES;
  #byLine = 0;

  /**
   * A new folder for a run, of which this process is the one owner until it is disposed.
   * @throws DmraceError (usage) when it exists and holds something, or another process writes there;
   *   (environment) when it cannot be written.
   */
  static async create(root: string): Promise<RunDirectory> {
    const directory = new RunDirectory(root);
    await directory.begin();
    return directory;
  }

  /** @throws DmraceError (usage) when the folder is not a run's. */
  static async open(root: string): Promise<RunDirectory> {
    const file = path.join(root, RUN_JSON);
    const there = (await stat(file).catch(() => null))?.isFile() === true;
    // Without run.json but with trials it is a damaged run, which is another matter.
    if (!there && (await trialNames(root).catch(() => [])).length === 0) {
      throw new DmraceError('usage', {
        observed: `${root} is not a run: it has neither run.json nor a trial`,
        artefact: root,
        action: 'name a folder that dmrace run --out made',
      });
    }
    return new RunDirectory(root);
  }

  trialPath(plan: Pick<TrialPlan, 'placement' | 'index'>): string {
    return path.join(this.root, trialName(plan));
  }

  #move(from: string, to: string): void {
    try {
      renameSync(from, to);
    } catch (error) {
      throw explainIo(error, to);
    }
  }

  async writeNote(note: RunNote): Promise<void> {
    const text = note.schema === 2 ? sealedText(note) : `${JSON.stringify(note, null, 2)}\n`;
    this.replace(path.join(this.root, RUN_JSON), text);
  }

  /** Keeps how the saved guest of a placement had booted: for all trials that start from it. */
  async writeReady(placement: Placement, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const [name, content] of files) {
      this.write(path.join(this.root, readyFolder(placement), name), content);
    }
  }

  /** Where a trial's dump is written, until {@link writeTrial} takes it into the trial's folder. */
  dumpPath(plan: Pick<TrialPlan, 'placement' | 'index'>): string {
    return path.join(this.root, DUMPING, `${trialName(plan)}.${DUMP_FILE}`);
  }

  /** Removes dumps that no trial came to keep. */
  async removeDumps(): Promise<void> {
    rmSync(path.join(this.root, DUMPING), { recursive: true, force: true });
  }

  /** Adds a file to a trial's folder that shows nothing of its own, e.g. a debugger's commands. */
  async writeBeside(plan: Pick<TrialPlan, 'placement' | 'index'>, name: string, text: string) {
    this.write(path.join(this.trialPath(plan), name), text);
  }

  /** Keeps everything a trial left behind, before it is judged. */
  async writeTrial(files: TrialFiles, argv: string): Promise<void> {
    const at = (name: string): string => path.join(this.trialPath(files.note.plan), name);
    this.write(at('qemu.argv'), argv);
    if (files.note.dump?.kept) this.#move(this.dumpPath(files.note.plan), at(DUMP_FILE));
    for (const [name, content] of savedFiles(files)) {
      // The last one: a folder that has it is whole.
      if (name === 'trial.json') this.replace(at(name), content);
      else this.write(at(name), content);
    }
  }

  async writeResult(result: TrialResult): Promise<void> {
    const file = path.join(this.trialPath(result), 'result.json');
    this.write(file, `${JSON.stringify(resultToJson(result), null, 2)}\n`);
  }

  /** Notes a judged trial in trials.jsonl, then drops its folder where it is not to be kept. */
  async writeEntry(entry: LedgerEntry): Promise<void> {
    const file = path.join(this.root, LEDGER);
    const { line, end } = ledgerLine(entry, this.#ledgerEnd);
    this.append(file, line);
    this.#ledgerEnd = end;
    if (entry.kept) return;
    this.#byLine++;
    await this.dropTrial(path.basename(this.trialPath(entry.plan)));
  }

  /** Removes a trial's folder by its name, `PLACEMENT-INDEX`. */
  async dropTrial(name: string): Promise<void> {
    rmSync(path.join(this.root, name), { recursive: true, force: true });
  }

  /** trials.jsonl as it is; empty for runs from before there was one. */
  async readLedger(): Promise<Ledger> {
    return readLedger(await readFile(path.join(this.root, LEDGER), 'utf8').catch(() => ''));
  }

  /** How many trials this object has noted whose files were not kept. */
  get byLine(): number {
    return this.#byLine;
  }

  /** How far this object has written trials.jsonl. */
  get ledgerEnd(): LedgerEnd {
    return this.#ledgerEnd;
  }

  /** Goes on with a ledger that was read; a torn last line is taken off it. */
  async continueLedger({ entries, torn, end }: Ledger): Promise<void> {
    if (torn) await this.writeLedger(entries);
    else this.#ledgerEnd = end;
  }

  /** Writes trials.jsonl anew, e.g. without a torn last line. */
  async writeLedger(entries: readonly LedgerEntry[]): Promise<void> {
    this.#ledgerEnd = NO_LINES;
    const lines = entries.map((entry) => {
      const { line, end } = ledgerLine(entry, this.#ledgerEnd);
      this.#ledgerEnd = end;
      return `${line}\n`;
    });
    this.replace(path.join(this.root, LEDGER), lines.join(''));
  }

  /** Names of the folders of trials, builtin first, by index. */
  async trialNames(): Promise<string[]> {
    const names = await readdir(this.root);
    return PLACEMENTS.flatMap((placement) => ordered(names, placement));
  }

  /** @throws DmraceError (inconclusive) when run.json is damaged. */
  async readNote(): Promise<RunNote> {
    return readNote(path.join(this.root, RUN_JSON));
  }

  /** The folders of all trials, the subject's first, by index; each as far as it can be read. */
  async readTrials(): Promise<ReadTrial[]> {
    const trials: ReadTrial[] = [];
    for (const name of await trialNames(this.root)) {
      trials.push(await readTrialFolder(this.root, name));
    }
    return trials;
  }

  /** A text file of the run, e.g. `builtin-0/qemu.argv`; null when it cannot be read. */
  async readText(file: string): Promise<string | null> {
    return readFile(path.join(this.root, file), 'utf8').catch(() => null);
  }
}

/** Folders of trials, builtin first, by index. */
async function trialNames(root: string): Promise<string[]> {
  const names = await readdir(root);
  return PLACEMENTS.flatMap((placement) => ordered(names, placement));
}

function ordered(names: readonly string[], placement: Placement): string[] {
  const index = (name: string): number => Number(name.slice(placement.length + 1));
  return names
    .filter((name) => new RegExp(`^${placement}-\\d+$`).test(name))
    .sort((a, b) => index(a) - index(b));
}

async function readNote(file: string): Promise<RunNote> {
  const damaged = (observed: string): DmraceError =>
    new DmraceError(
      'inconclusive',
      {
        observed: `${path.basename(file)} ${observed}`,
        artefact: file,
        action: 'the run is damaged: run it again, or look at what is left with dmrace report',
      },
      'run-damaged',
    );
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw damaged(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
  });
  const parsed = parseJson(text, z.looseObject({ schema: z.unknown() }));
  if (!parsed.ok) throw damaged(`is damaged: ${parsed.problem}`);
  const { seal, ...rest } = parsed.value;
  // Schema 1 had no seal: a field of that name is then one too many.
  const note = RunNote.safeParse(rest.schema === 2 ? rest : parsed.value);
  if (!note.success) {
    throw damaged(`is damaged: ${z.prettifyError(note.error).replaceAll('\n', '; ')}`);
  }
  if (note.data.schema === 2 && !isAsSealed(text)) throw damaged('was changed after the run');
  return note.data;
}
