// SPDX-License-Identifier: GPL-2.0-only
import type { RunResult } from '../model/verdict.js';

const trialsOf = (n: number): string => `${n} trial${n === 1 ? '' : 's'}`;

/** The verdict in one sentence, with the figures that it rests on. */
export function verdictSentence({ verdict, question, placements }: RunResult): string {
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
      return 'Nothing is proven.';
  }
}
