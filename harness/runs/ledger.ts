// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { resultsOf, type TrialPlan, type TrialResult, trialName } from '../model/trial.js';
import { PlanJson, planFromJson, planToJson } from './plan-json.js';
import { ResultJson, resultFromJson, resultToJson } from './result-json.js';
import { sha256 } from './seal.js';

/** What trials.jsonl says of one trial. */
export interface LedgerEntry {
  readonly plan: TrialPlan;
  /** Whether the trial's files are in the run directory: without them this line is all there is. */
  readonly kept: boolean;
  readonly result: TrialResult;
}

const ENTRY = { plan: PlanJson, kept: z.boolean(), result: ResultJson };

/** Schema 1 (before 0.2) did not say which line it follows. */
const Entry = z.discriminatedUnion('schema', [
  z.strictObject({ schema: z.literal(1), ...ENTRY }),
  z.strictObject({ schema: z.literal(2), after: z.string(), ...ENTRY }),
]);

/** Where a ledger ends: its next line says that it follows this one. */
export interface LedgerEnd {
  readonly lines: number;
  /** SHA-256 of the last line's entry; empty before the first. */
  readonly last: string;
}

/** Before the first line. */
export const NO_LINES: LedgerEnd = { lines: 0, last: '' };

/**
 * The next line, without its newline, and where the ledger ends with it: the SHA-256 of the entry's
 * text, a blank, the entry as JSON. It names the line that it follows, so that one that is gone is
 * missed.
 */
export function ledgerLine(
  { plan, kept, result }: LedgerEntry,
  end: LedgerEnd,
): { readonly line: string; readonly end: LedgerEnd } {
  const text = JSON.stringify({
    schema: 2,
    after: end.last,
    plan: planToJson(plan),
    kept,
    result: resultToJson(result),
  });
  const last = sha256(text);
  return { line: `${last} ${text}`, end: { lines: end.lines + 1, last } };
}

/** What a ledger's text holds: each line is read, or is a problem. */
export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  readonly problems: readonly string[];
  /** The last line has no end: its writer was killed. It counts for nothing and is no problem. */
  readonly torn: boolean;
  readonly end: LedgerEnd;
}

/** A line that is gone, one that is damaged, one that is there twice: each is a problem. */
export function readLedger(text: string): Ledger {
  const lines = text.split('\n');
  const torn = lines.pop() !== '';
  const entries = new Map<string, LedgerEntry>();
  const problems: string[] = [];
  let last = '';
  lines.forEach((line, index) => {
    const read = readLine(line);
    const name = read === null ? '' : trialName(read.entry.plan);
    if (read === null) problems.push(`trials.jsonl line ${index + 1} is damaged`);
    else {
      if (read.after !== null && read.after !== last) {
        problems.push(`trials.jsonl: a line is missing before line ${index + 1}`);
      }
      if (entries.has(name)) problems.push(`trials.jsonl has ${name} twice`);
      else entries.set(name, read.entry);
    }
    last = line.slice(0, 64);
  });
  return { entries: [...entries.values()], problems, torn, end: { lines: lines.length, last } };
}

function readLine(line: string): { entry: LedgerEntry; after: string | null } | null {
  const text = line.slice(65);
  if (line[64] !== ' ' || sha256(text) !== line.slice(0, 64)) return null;
  try {
    const read = Entry.parse(JSON.parse(text));
    const plan = planFromJson(read.plan);
    if (typeof plan === 'string') return null;
    const result = resultFromJson(read.result, plan);
    if (result === null) return null;
    const after = read.schema === 2 ? read.after : null;
    return { entry: { plan, kept: read.kept, result }, after };
  } catch {
    return null;
  }
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
    // Dumps are few already, and their trials tell what they show.
    return result.dump?.kept === true || before < KEPT[result.outcome];
  }
}
