// SPDX-License-Identifier: MIT
import { orderedPlacements } from '../model/placement.js';
import type { TrialResult } from '../model/trial.js';
import type { Question, RunResult } from '../model/verdict.js';
import { doubt, notesOf, type State, stateOf } from './trial-state.js';

/** `#` starts a directive and a newline ends a line (Documentation/dev-tools/ktap.rst, v6.1). */
export const clean = (text: string): string =>
  text.replaceAll('#', '').replaceAll(/\s+/g, ' ').trim();

/**
 * The result as KTAP version 1: a test for each placement, in it a test for each trial. A run
 * without a verdict has one test more, so that it does not look like a success.
 */
export function renderKtap(result: RunResult): string {
  const { question, trials, verdict, reasons } = result;
  const placements = orderedPlacements(question.placements);
  const doubtful = doubt(result);
  const lines = ['KTAP version 1', `1..${placements.length + (doubtful === null ? 0 : 1)}`];
  placements.forEach((placement, index) => {
    const mine = trials.filter((trial) => trial.placement === placement);
    lines.push(...placementTest(index + 1, placement, mine, question));
  });
  for (const reason of reasons) lines.push(`# ${verdict}: ${clean(reason)}`);
  if (doubtful !== null) {
    lines.push(testLine(placements.length + 1, 'verdict', doubtful, `inconclusive: ${reasons[0]}`));
  }
  return `${lines.join('\n')}\n`;
}

function placementTest(
  number: number,
  placement: string,
  trials: readonly TrialResult[],
  question: Question,
): string[] {
  // A plan of no tests is an error to kunit.py ("0 tests run!").
  if (trials.length === 0) return [testLine(number, placement, 'error', 'no trial can be judged')];
  const states = trials.map((trial) => stateOf(trial, question));
  const inner = trials.flatMap((trial, index) => {
    const name = `trial ${trial.index}`;
    const [first, ...rest] = notesOf(trial);
    const state = stateOf(trial, question);
    const why = state === 'pass' ? rest.concat(first ?? []) : rest;
    return [
      ...why.map((note) => `# ${name}: ${clean(note)}`),
      testLine(index + 1, name, state, first ?? trial.outcome),
    ];
  });
  const bad = states.includes('fail') || states.includes('error');
  return [
    ...['KTAP version 1', `# Subtest: ${placement}`, `1..${trials.length}`, ...inner].map(
      (line) => `  ${line}`,
    ),
    testLine(
      number,
      placement,
      bad ? 'fail' : states.includes('pass') ? 'pass' : 'skip',
      bad ? 'see its trials' : 'no trial reached the window',
    ),
  ];
}

export function testLine(number: number, name: string, state: State, why: string): string {
  const says = clean(why);
  switch (state) {
    case 'pass':
      return `ok ${number} ${name}`;
    case 'fail':
      return `not ok ${number} ${name} # ${says}`;
    case 'error':
      return `not ok ${number} ${name} # ERROR ${says}`;
    case 'skip':
      return `ok ${number} ${name} # SKIP ${says}`;
  }
}
