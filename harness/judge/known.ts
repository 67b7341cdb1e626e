// SPDX-License-Identifier: MIT
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { KnownIssue, KnownReport } from '../model/known.js';
import { coversKernel, fitsFinding } from '../model/known-cover.js';
import type { TrialResult } from '../model/trial.js';
import type { Question } from '../model/verdict.js';

/** Puts the reference of the entry that it matches into each finding. */
export function markKnown(
  trials: readonly TrialResult[],
  kernel: KernelIdentity,
  issues: readonly KnownIssue[],
): TrialResult[] {
  const here = issues.filter((issue) => coversKernel(issue, kernel));
  return trials.map((trial) => ({
    ...trial,
    findings: trial.findings.map((finding) => {
      const issue = here.find((candidate) => fitsFinding(candidate, finding));
      return issue === undefined ? finding : { ...finding, known: issue.reference };
    }),
  }));
}

/**
 * What became of the entries. One is stale only where its crash could have been seen: the subject
 * reached the window, and the scenario looks for that cause, or nobody does (`other`).
 */
export function reportKnown(
  question: Question,
  trials: readonly TrialResult[],
  kernel: KernelIdentity,
  issues: readonly KnownIssue[],
): KnownReport {
  const here = issues.filter((issue) => coversKernel(issue, kernel));
  const trialsOf = (issue: KnownIssue): string[] =>
    trials
      .filter((trial) => trial.findings.some((finding) => fitsFinding(issue, finding)))
      .map((trial) => `${trial.placement} ${trial.index}`);
  const seen = here
    .map((issue) => ({ issue, trials: trialsOf(issue) }))
    .filter(({ trials }) => trials.length > 0);
  const rest = here.filter((issue) => !seen.some((entry) => entry.issue === issue));
  const looked = trials.some((trial) => trial.role === 'subject' && trial.reached);
  const isStale = (issue: KnownIssue): boolean =>
    looked && (issue.cause === question.targetCause || issue.cause === 'other');
  return {
    seen,
    stale: rest.filter(isStale),
    notLookedFor: rest.filter((issue) => !isStale(issue)),
  };
}

const name = (issue: KnownIssue): string =>
  `${issue.cause} in ${issue.function} (${issue.reference})`;

/** The report as reasons of a run. */
export function knownReasons(report: KnownReport): string[] {
  return [
    ...report.seen.map(
      ({ issue, trials }) =>
        `known: ${name(issue)}, in ${trials.length} trial${trials.length === 1 ? '' : 's'}, first ${trials[0]}`,
    ),
    ...report.stale.map(
      (issue) => `stale: ${name(issue)} is in the known-issues file, but did not occur`,
    ),
    ...report.notLookedFor.map(
      (issue) =>
        `not looked for: ${name(issue)} is in the known-issues file; this run says nothing of it`,
    ),
  ];
}
