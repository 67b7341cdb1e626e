// SPDX-License-Identifier: MIT
import { showsCrash } from '../judge/verdict.js';
import type { TrialResult } from '../model/trial.js';
import type { Question, RunResult } from '../model/verdict.js';

/** What a trial is to a test report: `error` is a trial that says nothing, because it was lost. */
export type State = 'pass' | 'fail' | 'error' | 'skip';

/** A crash that the known-issues file lists, and nothing else: the test is skipped, not failed. */
const onlyKnown = (trial: TrialResult): boolean =>
  trial.findings.length > 0 && trial.findings.every((finding) => finding.known !== undefined);

/**
 * The state of a trial. The control passes by crashing with its cause inside the window: that shows
 * that a crash is seen.
 */
export function stateOf(trial: TrialResult, question: Question): State {
  if (trial.outcome === 'lost') return 'error';
  // A trial that survived outside the window tells nothing either.
  if (!trial.reached && trial.outcome !== 'crashed') return 'skip';
  // It tells by what a race is closed: its crash is an answer too.
  if (trial.role === 'attribution' && trial.reached) {
    return trial.findings.every(({ cause }) => cause === question.targetCause) ? 'pass' : 'fail';
  }
  const isControl = trial.placement === question.control;
  if (!isControl && onlyKnown(trial)) return 'skip';
  if (!isControl) return trial.outcome === 'crashed' ? 'fail' : 'pass';
  return showsCrash(question, trial) ? 'pass' : 'fail';
}

/**
 * The state of an `inconclusive` verdict, null for the others, which follow from their trials. A
 * window that was not reached is a test skipped; every other doubt (a control that was not tried,
 * damaged evidence) must not look like a pass.
 */
export function doubt({ verdict, trials, question }: RunResult): 'skip' | 'error' | null {
  if (verdict !== 'inconclusive') return null;
  const states = trials.map((trial) => stateOf(trial, question));
  return states.includes('skip') && !states.includes('error') ? 'skip' : 'error';
}

/** What there is to say of a trial: its crashes with their named addresses, then the reasons. */
export const notesOf = (trial: TrialResult): string[] => [
  ...trial.findings.map((finding) => {
    const at = finding.resolved ?? finding.pc;
    const read = finding.resolvedFault;
    const known = finding.known === undefined ? '' : `known (${finding.known}): `;
    return `${known}${finding.cause}: ${finding.title}${at === undefined ? '' : ` at ${at}`}${read === undefined ? '' : `, reading ${read}`}`;
  }),
  ...trial.reasons,
];
