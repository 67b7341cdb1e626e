// SPDX-License-Identifier: MIT
import { type CompareResult, SIDES } from '../../model/compare.js';
import { junitText, type Suite, trialCase } from '../junit.js';
import { sidedTrials } from './rows.js';
import { doubtOf, sidedState } from './state.js';

/** JUnit XML: a suite for each placement of each side, e.g. `before builtin`. */
export function renderCompareJunit(result: CompareResult): string {
  const all = sidedTrials(result);
  const suites: Suite[] = SIDES.flatMap((side) => {
    const mine = all.filter((one) => one.side === side);
    return [...new Set(mine.map(({ trial }) => trial.placement))].map((placement) => ({
      name: `${side} ${placement}`,
      cases: mine
        .filter(({ trial }) => trial.placement === placement)
        .map((one) => trialCase(one.trial, result[side].question, sidedState(one, result))),
      result: result[side],
    }));
  });
  const state = doubtOf(result);
  const { verdict, reasons, after } = result;
  const doubt = { name: verdict, type: verdict, notes: reasons, output: [], durationMs: 0 };
  return junitText(after.question.scenario, [
    ...suites,
    ...(state === null ? [] : [{ name: 'verdict', cases: [{ ...doubt, state }], result: after }]),
  ]);
}
