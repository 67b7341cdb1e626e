// SPDX-License-Identifier: GPL-2.0-only
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { KernelIdentity } from '../model/kernel.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import { type TrialFiles, TrialNote, type TrialPlan, type TrialResult } from '../model/trial.js';
import { explainIo } from '../util/io.js';

/** What was read of a placement's booted release method; judge/tail-call.ts has the meanings. */
export const Code = z.strictObject({
  tailCall: z.boolean().nullable(),
  instructions: z.array(z.string()),
  objectSymbol: z.string().nullable(),
});

/** What a run writes about itself before its first trial; kept as run.json. */
export const RunNote = z.strictObject({
  schema: z.literal(1),
  dmrace: z.string(),
  startedAt: z.string(),
  scenario: z.string(),
  trials: z.int().positive(),
  placements: z.array(z.enum(PLACEMENTS)).min(1),
  kernel: KernelIdentity,
  accel: z.enum(['kvm', 'tcg']),
  codes: z.partialRecord(z.enum(PLACEMENTS), Code),
});
export type RunNote = z.infer<typeof RunNote>;

/**
 * The folder of one run:
 * `run.json`, `verdict.json`, and for each trial `PLACEMENT-INDEX/` with console.log,
 * ready-records.jsonl, records.jsonl, trace.txt, qemu.argv, trial.json and result.json.
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
    if (!(await stat(file).catch(() => null))?.isFile()) {
      throw new DmraceError('usage', {
        observed: `${root} is not a run: it has no run.json`,
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
    return path.join(this.root, `${plan.placement}-${plan.index}`);
  }

  async #write(file: string, content: string | Uint8Array): Promise<void> {
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    } catch (error) {
      throw explainIo(error, file);
    }
  }

  async writeNote(note: RunNote): Promise<void> {
    await this.#write(path.join(this.root, 'run.json'), `${JSON.stringify(note, null, 2)}\n`);
  }

  async writeVerdict(value: unknown): Promise<void> {
    await this.#write(path.join(this.root, 'verdict.json'), `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Keeps everything a trial left behind, before it is judged. */
  async writeTrial(files: TrialFiles, argv: string): Promise<void> {
    const at = (name: string): string => path.join(this.trialPath(files.note.plan), name);
    await this.#write(at('console.log'), files.console);
    await this.#write(at('ready-records.jsonl'), files.readyRecords);
    await this.#write(at('records.jsonl'), files.records);
    await this.#write(at('trace.txt'), files.trace);
    await this.#write(at('qemu.argv'), argv);
    await this.#write(at('trial.json'), `${JSON.stringify(files.note, null, 2)}\n`);
  }

  async writeResult(result: TrialResult): Promise<void> {
    const file = path.join(this.trialPath(result), 'result.json');
    await this.#write(file, `${JSON.stringify(result, null, 2)}\n`);
  }

  /** @throws DmraceError (inconclusive) when run.json is damaged. */
  async readNote(): Promise<RunNote> {
    return readJson(path.join(this.root, 'run.json'), RunNote);
  }

  /**
   * The files of all trials, builtin first, by index. A trial whose files are missing or damaged is
   * not dropped in silence: it comes back as a problem.
   */
  async readTrials(): Promise<{ trials: TrialFiles[]; problems: string[] }> {
    const trials: TrialFiles[] = [];
    const problems: string[] = [];
    const names = await readdir(this.root);
    for (const placement of PLACEMENTS) {
      for (const name of ordered(names, placement)) {
        const read = await this.#readTrial(name).catch((error: unknown) => {
          problems.push(
            `${name}: ${error instanceof DmraceError ? error.facts.observed : String(error)}`,
          );
          return null;
        });
        if (read && `${read.note.plan.placement}-${read.note.plan.index}` === name)
          trials.push(read);
        else if (read) problems.push(`${name}: trial.json belongs to another trial`);
      }
    }
    return { trials, problems };
  }

  async #readTrial(name: string): Promise<TrialFiles> {
    const at = (file: string): string => path.join(this.root, name, file);
    const text = async (file: string): Promise<string> => (await readPart(at(file))).toString();
    return {
      note: await readJson(at('trial.json'), TrialNote),
      console: await readPart(at('console.log')),
      readyRecords: await text('ready-records.jsonl'),
      records: await text('records.jsonl'),
      trace: await text('trace.txt'),
    };
  }
}

function ordered(names: readonly string[], placement: Placement): string[] {
  const index = (name: string): number => Number(name.slice(placement.length + 1));
  return names
    .filter((name) => new RegExp(`^${placement}-\\d+$`).test(name))
    .sort((a, b) => index(a) - index(b));
}

async function readPart(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new DmraceError('inconclusive', {
      observed: `${path.basename(file)} cannot be read (${error instanceof Error ? error.message : String(error)})`,
      artefact: file,
      action: 'the run is damaged; run it again',
    });
  });
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const text = (await readPart(file)).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DmraceError('inconclusive', {
    observed: `${path.basename(file)} is damaged: ${z.prettifyError(parsed.error).replaceAll('\n', '; ')}`,
    artefact: file,
    action: 'the run is damaged; run it again',
  });
}
