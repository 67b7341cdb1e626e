// SPDX-License-Identifier: GPL-2.0-only
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import { type TrialFiles, type TrialPlan, type TrialResult, trialName } from '../model/trial.js';
import { explainIo } from '../util/io.js';
import { parseJson } from '../util/json.js';
import { type Ledger, type LedgerEntry, ledgerLine, readLedger } from './ledger.js';
import { resultToJson } from './result-json.js';
import { RunNote } from './run-note.js';
import { type ReadTrial, readTrialFolder, savedFiles } from './trial-folder.js';

const LEDGER = 'trials.jsonl';

/** Where {@link RunDirectory.writeReady} keeps a boot. */
export const readyFolder = (placement: Placement): string => `ready-${placement}`;

/**
 * The folder of one run: `run.json`, `verdict.json`, `trials.jsonl` with a line for each trial, and
 * for each trial whose files are kept `PLACEMENT-INDEX/` with console.log, ready-records.jsonl,
 * records.jsonl, trace.txt, qemu.argv, trial.json and result.json.
 */
export class RunDirectory {
  private constructor(readonly root: string) {}

  /**
   * A new folder for a run.
   * @throws DmraceError (usage) when it exists and holds something; (environment) when it cannot be
   *   written.
   */
  static async create(root: string): Promise<RunDirectory> {
    try {
      await mkdir(root, { recursive: true });
      if ((await readdir(root)).length > 0) {
        throw new DmraceError('usage', {
          observed: `${root} is not empty`,
          artefact: root,
          action: 'give --out a new folder: a run never overwrites another',
        });
      }
    } catch (error) {
      throw explainIo(error, root);
    }
    return new RunDirectory(root);
  }

  /** @throws DmraceError (usage) when the folder is not a run's. */
  static async open(root: string): Promise<RunDirectory> {
    const file = path.join(root, 'run.json');
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

  /** Leaves nothing behind when nothing was written. */
  async removeIfEmpty(): Promise<void> {
    await rmdir(this.root).catch(() => undefined); // it holds something, which is to stay
  }

  trialPath(plan: Pick<TrialPlan, 'placement' | 'index'>): string {
    return path.join(this.root, trialName(plan));
  }

  /**
   * At once, without the thread pool: a trial writes eight small files, and handing each to another
   * thread and back costs several times what the kernel does for it.
   */
  #write(file: string, content: string | Uint8Array): void {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    } catch (error) {
      throw explainIo(error, file);
    }
  }

  async writeNote(note: RunNote): Promise<void> {
    this.#write(path.join(this.root, 'run.json'), `${JSON.stringify(note, null, 2)}\n`);
  }

  async writeVerdict(value: unknown): Promise<void> {
    this.#write(path.join(this.root, 'verdict.json'), `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Keeps how the saved guest of a placement had booted: for all trials that start from it. */
  async writeReady(placement: Placement, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const [name, content] of files) {
      this.#write(path.join(this.root, readyFolder(placement), name), content);
    }
  }

  /** Keeps everything a trial left behind, before it is judged. */
  async writeTrial(files: TrialFiles, argv: string): Promise<void> {
    const at = (name: string): string => path.join(this.trialPath(files.note.plan), name);
    this.#write(at('qemu.argv'), argv);
    for (const [name, content] of savedFiles(files)) this.#write(at(name), content);
  }

  async writeResult(result: TrialResult): Promise<void> {
    const file = path.join(this.trialPath(result), 'result.json');
    this.#write(file, `${JSON.stringify(resultToJson(result), null, 2)}\n`);
  }

  /** Notes a judged trial in trials.jsonl, then drops its folder where it is not to be kept. */
  async writeEntry(entry: LedgerEntry): Promise<void> {
    const file = path.join(this.root, LEDGER);
    try {
      appendFileSync(file, `${ledgerLine(entry)}\n`);
    } catch (error) {
      throw explainIo(error, file);
    }
    if (!entry.kept) await this.dropTrial(path.basename(this.trialPath(entry.plan)));
  }

  /** Removes a trial's folder by its name, `PLACEMENT-INDEX`. */
  async dropTrial(name: string): Promise<void> {
    rmSync(path.join(this.root, name), { recursive: true, force: true });
  }

  /** trials.jsonl as it is; empty for runs from before there was one. */
  async readLedger(): Promise<Ledger> {
    return readLedger(await readFile(path.join(this.root, LEDGER), 'utf8').catch(() => ''));
  }

  /** Writes trials.jsonl anew, e.g. without a torn last line. */
  async writeLedger(entries: readonly LedgerEntry[]): Promise<void> {
    const text = entries.map((entry) => `${ledgerLine(entry)}\n`).join('');
    this.#write(path.join(this.root, LEDGER), text);
  }

  /** Names of the folders of trials, builtin first, by index. */
  async trialNames(): Promise<string[]> {
    const names = await readdir(this.root);
    return PLACEMENTS.flatMap((placement) => ordered(names, placement));
  }

  /** @throws DmraceError (inconclusive) when run.json is damaged. */
  async readNote(): Promise<RunNote> {
    return readJson(path.join(this.root, 'run.json'), RunNote);
  }

  /**
   * The files of all trials, builtin first, by index. A trial whose files are missing, damaged or
   * changed since the run is not dropped in silence: it comes back as a problem, and what is left
   * of it as `damaged`.
   */
  async readTrials(): Promise<ReadTrials> {
    const trials: TrialFiles[] = [];
    const damaged: ReadTrial[] = [];
    for (const name of await trialNames(this.root)) {
      const { note, damage, ...rest } = await readTrialFolder(this.root, name);
      if (note && damage.length === 0) trials.push({ note, ...without(rest, 'name') });
      else damaged.push({ note, damage, ...rest });
    }
    return {
      trials,
      damaged,
      problems: damaged.flatMap(({ name, damage }) =>
        damage.map(({ observed }) => `${name}: ${observed}`),
      ),
    };
  }

  /** A text file of the run, e.g. `builtin-0/qemu.argv`; null when it cannot be read. */
  async readText(file: string): Promise<string | null> {
    return readFile(path.join(this.root, file), 'utf8').catch(() => null);
  }
}

/** All trials of a run, and what is wrong with those that are damaged. */
export interface ReadTrials {
  readonly trials: TrialFiles[];
  readonly damaged: ReadTrial[];
  /** One line for each damaged file: a reason against `closed`. */
  readonly problems: string[];
}

const without = <T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value;
  return rest;
};

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

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
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
  const parsed = parseJson(text, schema);
  if (!parsed.ok) throw damaged(`is damaged: ${parsed.problem}`);
  return parsed.value;
}
