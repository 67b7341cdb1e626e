// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { resultsOf, type TrialPlan, type TrialResult, trialName } from '../model/trial.js';
import { type ChainEntry, chainLine, type LedgerEnd, readChain } from './chain.js';
import { PlanJson, planFromJson, planToJson } from './plan-json.js';
import { ResultJson, resultFromJson, resultToJson } from './result-json.js';

export { type LedgerEnd, NO_LINES } from './chain.js';

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

/**
 * The next line, without its newline, and where the ledger ends with it; see {@link chainLine}.
 */
export const ledgerLine = (
  { plan, kept, result }: LedgerEntry,
  end: LedgerEnd,
): { readonly line: string; readonly end: LedgerEnd } =>
  chainLine(2, { plan: planToJson(plan), kept, result: resultToJson(result) }, end);

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
  const twice: string[] = [];
  const entries = new Map<string, LedgerEntry>();
  const chain = readChain(text, 'trials.jsonl', readEntry);
  for (const { entry } of chain.entries) {
    const name = trialName(entry.plan);
    if (entries.has(name)) twice.push(`trials.jsonl has ${name} twice`);
    else entries.set(name, entry);
  }
  const { torn, end } = chain;
  return { entries: [...entries.values()], problems: [...chain.problems, ...twice], torn, end };
}

function readEntry(value: unknown): ChainEntry<LedgerEntry> | null {
  const read = Entry.parse(value);
  const plan = planFromJson(read.plan);
  if (typeof plan === 'string') return null;
  const result = resultFromJson(read.result, plan);
  if (result === null) return null;
  return {
    entry: { plan, kept: read.kept, result },
    after: read.schema === 2 ? read.after : null,
  };
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
