// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { resultsOf, type TrialPlan, type TrialResult, trialName } from '../model/trial.js';
import { PlanJson, planFromJson, planToJson } from './plan-json.js';
import { ResultJson, resultFromJson, resultToJson } from './result-json.js';

/** What trials.jsonl says of one trial. */
export interface LedgerEntry {
  readonly plan: TrialPlan;
  /** Whether the trial's files are in the run directory: without them this line is all there is. */
  readonly kept: boolean;
  readonly result: TrialResult;
}

const Entry = z.strictObject({
  schema: z.literal(1),
  plan: PlanJson,
  kept: z.boolean(),
  result: ResultJson,
});

const sum = (text: string): string => createHash('sha256').update(text).digest('hex');

/** One line, without its newline: the SHA-256 of the entry's text, a blank, the entry as JSON. */
export function ledgerLine({ plan, kept, result }: LedgerEntry): string {
  const text = JSON.stringify({
    schema: 1,
    plan: planToJson(plan),
    kept,
    result: resultToJson(result),
  });
  return `${sum(text)} ${text}`;
}

/** What a ledger's text holds: each line is read, or is a problem. */
export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  readonly problems: readonly string[];
  /** The last line has no end: its writer was killed. It counts for nothing and is no problem. */
  readonly torn: boolean;
}

/** Reads trials.jsonl. A line that is not as it was written, or is there twice, is a problem. */
export function readLedger(text: string): Ledger {
  const lines = text.split('\n');
  const torn = lines.pop() !== '';
  const entries = new Map<string, LedgerEntry>();
  const problems: string[] = [];
  lines.forEach((line, index) => {
    const entry = readLine(line);
    const name = entry === null ? '' : trialName(entry.plan);
    if (entry === null) problems.push(`trials.jsonl line ${index + 1} is damaged`);
    else if (entries.has(name)) problems.push(`trials.jsonl has ${name} twice`);
    else entries.set(name, entry);
  });
  return { entries: [...entries.values()], problems, torn };
}

function readLine(line: string): LedgerEntry | null {
  const text = line.slice(65);
  if (sum(text) !== line.slice(0, 64)) return null;
  try {
    const entry = Entry.parse(JSON.parse(text));
    const plan = planFromJson(entry.plan);
    if (typeof plan === 'string') return null;
    const result = resultFromJson(entry.result, plan);
    return result && { plan, kept: entry.kept, result };
  } catch {
    return null;
  }
}

/** The results of a saved run from both its sources. */
export interface Combined {
  readonly results: readonly TrialResult[];
  readonly problems: readonly string[];
  /** How many results have nothing behind them but their line. */
  readonly byLine: number;
}

/**
 * Puts together what was judged again from kept files and the lines of the other trials. Files win;
 * where the two contradict each other, or files are gone that were kept, that is a problem.
 */
export function combine(
  judged: readonly TrialResult[],
  folders: readonly string[],
  ledger: Ledger,
): Combined {
  const problems = [...ledger.problems];
  const byName = new Map(judged.map((result) => [trialName(result), result]));
  const results = [...judged];
  for (const { kept, result } of ledger.entries) {
    const name = trialName(result);
    const again = byName.get(name);
    if (again && again.outcome !== result.outcome) {
      problems.push(`${name}: trials.jsonl says ${result.outcome}, its files ${again.outcome}`);
    } else if (!again && kept && !folders.includes(name)) {
      problems.push(`${name}: its files were kept and are gone`);
    } else if (!again && !kept) results.push(result);
  }
  return { results, problems, byLine: results.length - judged.length };
}

/** How many trials of one kind keep their files. */
export const KEPT = { survived: 5, crashed: 10, lost: 50, 'not-reached': 50 } as const;

/**
 * Decides whose files are kept: those of the first trials of each placement and outcome, of crashes
 * for each distinct report. So a campaign of any length has bounded files and whole evidence of
 * everything that happened in it.
 */
export class Retention {
  readonly #seen = new Map<string, number>();

  keeps(result: TrialResult): boolean {
    const titles = result.findings.map((finding) => `${finding.cause} ${finding.title}`);
    // Every point of a sweep is a kind of its own.
    const [swept] = resultsOf('sweep', [result]);
    const kind = [result.placement, result.outcome, swept?.sweep.asked, ...titles].join('\n');
    const before = this.#seen.get(kind) ?? 0;
    this.#seen.set(kind, before + 1);
    return before < KEPT[result.outcome];
  }
}
