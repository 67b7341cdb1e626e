// SPDX-License-Identifier: GPL-2.0-only
import type { TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';

const trialsOf = (n: number): string => `${n} trial${n === 1 ? '' : 's'}`;

/** Of a run of soaks: what happened, which no verdict says. */
function soakSentence(trials: readonly TrialResult[]): string | null {
  const soaks = trials.flatMap(({ churn }) => churn ?? []);
  if (soaks.length === 0) return null;
  const cycles = soaks.reduce((sum, churn) => sum + churn.cycles, 0);
  const crashed = trials.filter(({ outcome }) => outcome === 'crashed').length;
  return crashed > 0
    ? `The soak found a crash in ${crashed} of ${trialsOf(trials.length)}, but claims no window.`
    : `No crash in ${cycles} cycles of a soak, which claims no window.`;
}

/** The verdict in one sentence, with the figures that it rests on. */
export function verdictSentence({ verdict, question, placements, trials }: RunResult): string {
  const subject = placements.builtin;
  const { targetCause, control, scenario } = question;
  switch (verdict) {
    case 'open':
      return `The race is open: ${subject?.crashed ?? 0} of ${trialsOf(subject?.trials ?? 0)} of the tree as it is crashed (${targetCause}).`;
    case 'closed':
      return control === null
        ? `No crash was seen in ${trialsOf(subject?.reached ?? 0)}, but ${scenario} has no control that shows that one would be.`
        : `The builtin dm_kobject_release() closes the race: ${trialsOf(subject?.reached ?? 0)} went through the window without a crash, and the control crashed in ${placements[control]?.crashed ?? 0}.`;
    case 'inconclusive':
      return soakSentence(trials) ?? 'Nothing is proven.';
  }
}
