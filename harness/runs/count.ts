// SPDX-License-Identifier: MIT
import { isDeepStrictEqual } from 'node:util';
import { scanConsole } from '../console/index.js';
import { judgeTrial } from '../judge/trial.js';
import type { Damage } from '../model/damage.js';
import { type TrialFiles, type TrialResult, trialName } from '../model/trial.js';
import type { Ledger, LedgerEntry } from './ledger.js';
import { planToJson } from './plan-json.js';
import type { RunNote } from './run-note.js';
import { planProblems, sharedNonces, tieProblems } from './ties.js';
import type { ReadTrial } from './trial-folder.js';

/** A trial whose files are all there, as the run left them, and of this run. */
export interface WholeTrial {
  readonly name: string;
  readonly files: TrialFiles;
  readonly result: TrialResult;
}

/** A folder that was being written when the run was cut. */
export interface Unfinished {
  readonly name: string;
  /** Titles of the crashes that its console shows: nothing says that it is whole, but they were there. */
  readonly crashes: readonly string[];
}

/** An unfinished folder in words. */
export const unfinishedLine = ({ name, crashes }: Unfinished): string =>
  `${name} has no trial.json: it was being written when the run was cut${crashes.length === 0 ? '' : `, and its console shows a crash: ${crashes.join('; ')}`}`;

/** What of a saved run counts. */
export interface Counted {
  readonly results: readonly TrialResult[];
  readonly whole: readonly WholeTrial[];
  /** Folders that do not count; what is wrong with each is in its damage. */
  readonly damaged: readonly ReadTrial[];
  /** Each a reason against `closed`. */
  readonly problems: readonly string[];
  /** Folders that were being written when the run was cut: what a kill explains. */
  readonly unfinished: readonly Unfinished[];
  /** How many results have nothing behind them but their line. */
  readonly byLine: number;
}

/** A folder with what is wrong with it, its ties to the run included. */
function checked(trial: ReadTrial, note: RunNote | null, line: LedgerEntry | undefined): ReadTrial {
  const { name, note: own, damage, ...output } = trial;
  if (own === null) return trial;
  const planned =
    line === undefined || isDeepStrictEqual(planToJson(line.plan), planToJson(own.plan))
      ? []
      : ['its plan is not that of its line in trials.jsonl'];
  const foreign = [...planned, ...(note ? tieProblems(note, { ...output, note: own }) : [])];
  if (foreign.length === 0) return trial;
  const says = foreign.map(
    (observed): Damage => ({
      file: `${name}/trial.json`,
      observed,
      expected: 'a trial of this run',
    }),
  );
  // Evidence of something else is no evidence here, however whole it is.
  return { ...trial, damage: [...damage, ...says], sound: null };
}

/** Whether a folder is all that it was, and can be judged. */
const isWhole = (trial: ReadTrial): trial is ReadTrial & { readonly note: TrialFiles['note'] } =>
  trial.note !== null && trial.damage.length === 0;

/** What is left of a damaged trial that crashed: its crash, which is never lost. */
function crashOf(trial: ReadTrial, line: LedgerEntry | undefined): TrialResult | null {
  if (line?.result.outcome === 'crashed') return line.result;
  const judged = trial.sound && judgeTrial(trial.sound);
  if (judged?.outcome !== 'crashed') return null;
  const why = `damaged, but for what shows the crash: ${trial.damage.map((d) => d.observed).join('; ')}`;
  return { ...judged, reached: false, reasons: [why, ...judged.reasons] };
}

/**
 * Puts together what the folders and the lines of a run say of its trials. What does not count is a
 * problem, and so is every contradiction; a crash that any whole piece of evidence shows counts,
 * whatever else is damaged.
 * @param note null when run.json cannot be read: then nothing ties the trials to the run
 */
export function countTrials(
  read: readonly ReadTrial[],
  ledger: Ledger,
  note: RunNote | null,
): Counted {
  const lines = new Map(ledger.entries.map((entry) => [trialName(entry.plan), entry]));
  const folders = new Set(read.map(({ name }) => name));
  const problems = [...ledger.problems, ...endProblems(ledger, note)];
  const whole: WholeTrial[] = [];
  const damaged: ReadTrial[] = [];
  const results: TrialResult[] = [];
  const unfinished: Unfinished[] = [];
  for (const one of read) {
    const line = lines.get(one.name);
    const trial = checked(one, note, line);
    if (trial.unfinished && line === undefined) {
      const crashes = scanConsole(trial.console).map(({ title }) => title);
      unfinished.push({ name: trial.name, crashes });
      damaged.push(trial);
      continue;
    }
    if (!isWhole(trial)) {
      damaged.push(trial);
      problems.push(...trial.damage.map(({ observed }) => `${trial.name}: ${observed}`));
      const crash = crashOf(trial, line);
      if (crash) results.push(crash);
      continue;
    }
    const { name, note: own, console, readyRecords, records, trace } = trial;
    const files = { note: own, console, readyRecords, records, trace };
    const result = judgeTrial(files);
    whole.push({ name, files, result });
    if (line && line.result.outcome !== result.outcome) {
      problems.push(
        `${name}: trials.jsonl says ${line.result.outcome}, its files ${result.outcome}`,
      );
    }
    results.push(
      line?.result.outcome === 'crashed' && result.outcome !== 'crashed' ? line.result : result,
    );
  }
  let byLine = 0;
  for (const [name, { plan, kept, result }] of lines) {
    if (folders.has(name)) continue;
    const foreign = note ? planProblems(note, plan) : [];
    if (foreign.length > 0) {
      problems.push(...foreign.map((one) => `${name} (by its line): ${one}`));
      continue;
    }
    if (kept) problems.push(`${name}: its files were kept and are gone`);
    if (kept && result.outcome !== 'crashed') continue;
    byLine++;
    results.push(result);
  }
  const plans = new Map([...lines].map(([name, { plan }]) => [name, plan]));
  for (const { name, files } of whole) plans.set(name, files.note.plan);
  problems.push(...sharedNonces([...plans.values()]));
  return { results, whole, damaged, problems, unfinished, byLine };
}

/** A ledger that is shorter than it was when the campaign ended. */
export function endProblems(
  { end, torn }: Pick<Ledger, 'end' | 'torn'>,
  note: Pick<RunNote, 'ledger'> | null,
): string[] {
  const was = note?.ledger;
  if (!was) return [];
  if (end.lines === was.lines && end.last === was.last && !torn) return [];
  return [
    `trials.jsonl has ${end.lines} lines${torn ? ' and a torn one' : ''} and does not end as it did when the run ended, with ${was.lines}`,
  ];
}
