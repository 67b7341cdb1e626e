// SPDX-License-Identifier: MIT
import { type CompareResult, SIDES } from '../../model/compare.js';
import { clean, testLine } from '../ktap.js';
import { notesOf, type State } from '../trial-state.js';
import { sidedTrials } from './rows.js';
import { doubtOf, sidedState } from './state.js';

/** KTAP version 1: a test for each side, in it a test for each trial; one more for a doubt. */
export function renderCompareKtap(result: CompareResult): string {
  const doubt = doubtOf(result);
  const all = sidedTrials(result);
  const lines = ['KTAP version 1', `1..${SIDES.length + (doubt === null ? 0 : 1)}`];
  SIDES.forEach((side, number) => {
    const mine = all.filter((one) => one.side === side);
    if (mine.length === 0) {
      lines.push(testLine(number + 1, side, 'error', 'no trial can be judged'));
      return;
    }
    const states = mine.map((one) => sidedState(one, result));
    const inner = mine.flatMap((one, index) => {
      const { placement, index: trial, outcome } = one.trial;
      const name = `${placement} trial ${trial}`;
      const [first, ...rest] = notesOf(one.trial);
      const state = states[index] ?? 'error';
      const notes = state === 'pass' && first !== undefined ? [first, ...rest] : rest;
      return [
        ...notes.map((note) => `# ${name}: ${clean(note)}`),
        testLine(index + 1, name, state, first ?? outcome),
      ];
    });
    const body = ['KTAP version 1', `# Subtest: ${side}`, `1..${mine.length}`, ...inner];
    lines.push(...body.map((line) => `  ${line}`));
    lines.push(testLine(number + 1, side, together(states), 'see its trials'));
  });
  for (const reason of result.reasons) lines.push(`# ${result.verdict}: ${clean(reason)}`);
  if (doubt !== null) {
    const why = `inconclusive: ${result.reasons[0]}`;
    lines.push(testLine(SIDES.length + 1, 'verdict', doubt, why));
  }
  return `${lines.join('\n')}\n`;
}

const together = (states: readonly State[]): State =>
  states.includes('fail') || states.includes('error')
    ? 'fail'
    : states.includes('pass')
      ? 'pass'
      : 'skip';
