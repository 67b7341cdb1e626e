// SPDX-License-Identifier: MIT
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { Comparison, Difference, ReplayedTrial, ReplayResult, Side } from '../model/replay.js';
import type { TrialResult } from '../model/trial.js';

/** What of a judged trial a replay looks at. */
export const sideOf = (trial: TrialResult): Side => ({
  outcome: trial.outcome,
  reached: trial.reached,
  findings: trial.findings.map((finding) => ({ cause: finding.cause, function: finding.function })),
  hashes: trial.hashes,
});

const STREAMS = ['console', 'trace', 'records'] as const;
const NONE = 'none recorded';

/**
 * In what a trial came out otherwise. `bytes`: the hashes of console, trace and records; a hash that
 * was not recorded is a difference, because nothing shows that there is none. `outcome`: what the
 * judge made of it, because times, pids and addresses are the host's and the kernel's there.
 */
export function differencesOf(recorded: Side, now: Side, compared: Comparison): Difference[] {
  const outcomes = [
    ['outcome', recorded.outcome, now.outcome],
    ['reached', String(recorded.reached), String(now.reached)],
    ['cause', causes(recorded), causes(now)],
    ['function', functions(recorded), functions(now)],
  ] as const;
  const hashes = STREAMS.map(
    (name) => [name, recorded.hashes?.[name] ?? NONE, now.hashes?.[name] ?? NONE] as const,
  );
  return [...outcomes, ...(compared === 'bytes' ? hashes : [])]
    .filter(([, before, after]) => before !== after || before === NONE)
    .map(([what, before, after]) => ({ what, recorded: before, now: after }));
}

const causes = (side: Side): string => side.findings.map((f) => f.cause).join(', ') || 'none';
const functions = (side: Side): string =>
  side.findings.map((f) => f.function || 'unnamed').join(', ') || 'none';

/** What there is of one recorded trial, and the same trial run again. */
export interface ReplayInput {
  readonly trial: string;
  /** Every source that tells of it: its line in trials.jsonl, its files judged again, result.json. */
  readonly records: readonly { readonly from: string; readonly side: Side }[];
  /** What is wrong with the record: damaged or contradicting files. */
  readonly damage: readonly string[];
  readonly now: Side;
}

/**
 * Whether trials came out as they were recorded. All that is recorded of a trial must agree with
 * what it gave now: a record that was changed since is told like a guest that did otherwise.
 * @throws Error for a trial of which nothing is recorded.
 */
export function judgeReplay(
  inputs: readonly ReplayInput[],
  compared: Comparison,
  kernel: KernelIdentity,
  notes: readonly string[],
): ReplayResult {
  const trials = inputs.map(({ trial, records, damage, now }): ReplayedTrial => {
    const [first] = records;
    if (!first) throw new Error(`nothing is recorded of ${trial}`);
    const seen = new Set<string>();
    const differences = records
      .flatMap(({ from, side }) =>
        differencesOf(side, now, compared).map((one) => ({
          ...one,
          recorded: `${one.recorded} (${from})`,
          key: `${one.what} ${one.recorded}`,
        })),
      )
      .filter(({ key }) => !seen.has(key) && seen.add(key))
      .map(({ key: _, ...difference }) => difference);
    return {
      trial,
      recorded: first.side,
      now,
      differences: [
        ...differences,
        ...damage.map((recorded) => ({ what: 'evidence', recorded, now: 'whole' })),
      ],
    };
  });
  const identical = trials.every(({ differences }) => differences.length === 0);
  const lost = trials.some(
    ({ recorded, now }) => now.outcome === 'lost' && recorded.outcome !== 'lost',
  );
  return { identical, compared, kernel, trials, notes, exitCode: lost ? 125 : identical ? 0 : 1 };
}
