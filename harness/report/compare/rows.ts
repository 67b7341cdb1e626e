// SPDX-License-Identifier: MIT
import { compareSentence, crashes } from '../../judge/compare.js';
import { type CompareResult, SIDES, type Side } from '../../model/compare.js';
import type { Finding } from '../../model/finding.js';
import { SUBJECT } from '../../model/role.js';
import type { TrialResult } from '../../model/trial.js';
import type { RunResult } from '../../model/verdict.js';

/** A line of the two runs side by side. */
export interface Row {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export const HEAD = ['', 'before', 'after'] as const;

/** What the two runs differ in, line by line; the control's is one and the same. */
export function rowsOf(result: CompareResult): Row[] {
  const both = (name: string, of: (run: RunResult) => string | number): Row => ({
    name,
    before: String(of(result.before)),
    after: String(of(result.after)),
  });
  const { control } = result.before.question;
  const sum = control === null ? undefined : result.before.placements[control];
  const { targetCause } = result.before.question;
  return [
    both('verdict', ({ verdict }) => verdict),
    both('trials', ({ placements }) => placements[SUBJECT]?.trials ?? 0),
    both('reached the window', ({ placements }) => placements[SUBJECT]?.reached ?? 0),
    both(`crashed (${targetCause})`, (run) => crashes(run).times),
    both(
      'crashed otherwise',
      (run) => (run.placements[SUBJECT]?.crashed ?? 0) - crashes(run).times,
    ),
    both('lost', ({ placements }) => placements[SUBJECT]?.lost ?? 0),
    ...(control === null || sum === undefined
      ? []
      : [
          {
            name: `control (${control})`,
            before: `crashed in ${sum.crashed} of ${sum.trials}`,
            after: 'that of before',
          },
        ]),
  ];
}

/** What each kernel is; of a module that is rebuilt on both sides too. */
export const kernelLines = (result: CompareResult): string[] =>
  SIDES.map((side) => `${side}: ${result[side].kernel.version}, ${result[side].kernel.arch}`);

/** One line for each patch. */
export const patchLines = ({ patches }: CompareResult): string[] =>
  patches.map(({ subject, file, sha256 }) => `${subject ?? file} (${sha256.slice(0, 12)})`);

/** The answer, capital and full stop. */
export const sentenceOf = (result: CompareResult): string => compareSentence(result);

/** A trial of the subject on one side. */
export interface SidedTrial {
  readonly side: Side;
  readonly trial: TrialResult;
}

/** The subject's trials of both sides, and before those the controls'. */
export const sidedTrials = (result: CompareResult): SidedTrial[] =>
  SIDES.flatMap((side) =>
    result[side].trials
      .filter((trial) => side === 'before' || trial.placement === SUBJECT)
      .map((trial) => ({ side, trial })),
  );

/** Each different crash of a side's subject once, with how often it was seen. */
export function crashesOf(run: RunResult): { readonly finding: Finding; readonly times: number }[] {
  const seen = new Map<string, { finding: Finding; times: number }>();
  for (const trial of run.trials.filter(({ placement }) => placement === SUBJECT)) {
    for (const finding of trial.findings) {
      const key = `${finding.cause}\n${finding.title}`;
      const before = seen.get(key);
      seen.set(key, { finding, times: (before?.times ?? 0) + 1 });
    }
  }
  return [...seen.values()];
}
