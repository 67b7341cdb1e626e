// SPDX-License-Identifier: MIT
import type { Cause } from './finding.js';
import type { TrialResult } from './trial.js';

/**
 * Decides from the results so far, in the order in which they came, whether a campaign has its
 * answer: the reason in words, or null to go on. Pure; asked after every trial. Trials that run at
 * that moment are finished and counted.
 */
export type StopRule = (results: readonly TrialResult[]) => string | null;

/** Words for `--stop-on` and for a scenario's own rule. */
export const STOP_WORDS = ['open', 'crash', 'both', 'lost'] as const;
export type StopWord = (typeof STOP_WORDS)[number];

const subject = (results: readonly TrialResult[]): TrialResult[] =>
  results.filter((result) => result.role === 'subject');

const hit = (result: TrialResult, cause: Cause): boolean =>
  result.findings.some((finding) => finding.cause === cause);

/** What each word waits for, in the subject's trials; `lost` in any. */
const RULES: Readonly<Record<StopWord, (target: Cause) => StopRule>> = {
  open: (target) => (results) =>
    subject(results).some((result) => hit(result, target))
      ? `the subject crashed with ${target}`
      : null,
  crash: () => (results) =>
    subject(results).some((result) => result.outcome === 'crashed') ? 'the subject crashed' : null,
  both: (target) => (results) =>
    subject(results).some((result) => hit(result, target)) &&
    subject(results).some((result) => result.outcome === 'survived')
      ? `the subject both crashed with ${target} and survived`
      : null,
  lost: () => (results) =>
    results.some((result) => result.outcome === 'lost') ? 'a VM was lost' : null,
};

/** The first of some words that holds stops the campaign; no words: it runs to its end. */
export function stopRule(words: readonly StopWord[], target: Cause): StopRule {
  return anyRule(...words.map((word) => RULES[word](target)));
}

/** Stops when enough of the subject's trials have reached the window: what is left is not needed. */
export function enoughRule(reached: number): StopRule {
  return (results) => {
    const have = subject(results).filter((result) => result.reached).length;
    return have >= reached ? `${have} trials of the subject reached the window` : null;
  };
}

/** A rule that holds back until something else has been seen as well. */
export function onceRule(
  rule: StopRule,
  seen: (results: readonly TrialResult[]) => boolean,
): StopRule {
  return (results) => (seen(results) ? rule(results) : null);
}

/** The first of some rules that has a reason. */
export function anyRule(...rules: readonly StopRule[]): StopRule {
  return (results) => {
    for (const rule of rules) {
      const why = rule(results);
      if (why !== null) return why;
    }
    return null;
  };
}
