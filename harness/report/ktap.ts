// SPDX-License-Identifier: GPL-2.0-only

import { orderedPlacements } from '../judge/verdict.js';
import type { TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';

/** `#` starts a directive and a newline ends a line (Documentation/dev-tools/ktap.rst). */
const clean = (text: string): string => text.replaceAll('#', '').replaceAll(/\s+/g, ' ').trim();

/** The result as KTAP version 1: one subtest a placement, one test a trial. */
export function renderKtap(result: RunResult): string {
  const placements = orderedPlacements(result.question.placements);
  const lines = ['KTAP version 1', `1..${placements.length}`];
  placements.forEach((placement, number) => {
    const trials = result.trials.filter((trial) => trial.placement === placement);
    const control = placement === result.question.control;
    lines.push('    KTAP version 1', `    # Subtest: ${placement}`, `    1..${trials.length}`);
    trials.forEach((trial, index) => {
      for (const note of notes(trial)) lines.push(`    # ${clean(note)}`);
      lines.push(`    ${line(index + 1, `trial ${trial.index}`, state(trial, control))}`);
    });
    const states = trials.map((trial) => state(trial, control));
    lines.push(
      line(
        number + 1,
        placement,
        states.includes('fail') ? 'fail' : states.includes('pass') ? 'pass' : 'skip',
      ),
    );
  });
  lines.push(`# verdict: ${result.verdict}`);
  for (const reason of result.reasons) lines.push(`# ${clean(reason)}`);
  return `${lines.join('\n')}\n`;
}

type State = 'pass' | 'fail' | 'skip';

/** A control passes by crashing: it shows that a crash is seen. */
function state(trial: TrialResult, control: boolean): State {
  if (trial.outcome === 'lost') return 'fail';
  if (trial.outcome === 'not-reached') return 'skip';
  return (trial.outcome === 'crashed') === control ? 'pass' : 'fail';
}

const notes = (trial: TrialResult): string[] => [
  ...trial.findings.map((f) => `${f.cause}: ${f.title}${f.resolved ? ` at ${f.resolved}` : ''}`),
  ...trial.reasons,
];

function line(number: number, name: string, how: State): string {
  const word = how === 'fail' ? 'not ok' : 'ok';
  return `${word} ${number} ${clean(name)}${how === 'skip' ? ' # SKIP the window was not reached' : ''}`;
}
