// SPDX-License-Identifier: MIT
import type { RecipeName } from '../model/recipe.js';
import { SUBJECT } from '../model/role.js';
import type { RunResult } from '../model/verdict.js';
import { RECIPES } from '../recipes/index.js';
import type { VerdictRules } from '../recipes/recipe.js';
import { scenarioOf } from '../scenarios/index.js';

const trialsOf = (n: number): string => `${n} trial${n === 1 ? '' : 's'}`;

/** The results of a run are all of its recipe, which the compiler cannot know. */
const rulesOf = (recipe: RecipeName): VerdictRules<RecipeName> =>
  RECIPES[recipe].verdict as VerdictRules<RecipeName>;

/** By what the race is closed. */
function attribution({ closedBy, placements }: RunResult): string {
  if (closedBy?.includes('compiler')) {
    return 'Closed by the compiler’s jump as much as by placement: in the module, compiled the same way, the method survived too.';
  }
  if (closedBy) {
    return placements[SUBJECT]?.tailCall
      ? 'Closed by placement: in the module, compiled the same way, the method crashed.'
      : 'Closed by placement.';
  }
  return 'Whether by placement or by the compiler was not shown.';
}

/** The verdict in one sentence, with the figures that it rests on. */
export function verdictSentence(result: RunResult): string {
  const { verdict, question, placements, trials } = result;
  const subject = placements[SUBJECT];
  const { words } = scenarioOf(question).suspect;
  const { targetCause, control, planted, scenario } = question;
  switch (verdict) {
    case 'open':
      return `The race is open: ${subject?.crashed ?? 0} of ${trialsOf(subject?.trials ?? 0)} of the tree as it is crashed (${targetCause}).`;
    case 'closed':
      return control === null
        ? `No crash was seen in ${trialsOf(subject?.reached ?? 0)}, but ${scenario} has no control that shows that one would be.`
        : planted
          ? `No crash was seen in ${trialsOf(subject?.reached ?? 0)} that went through the window, and the planted control crashed where its correct twin did not. That is weaker than a rebuilt control: it is another module’s crash that was seen.`
          : `${words.closed}: ${trialsOf(subject?.reached ?? 0)} went through the window without a crash, and the control crashed in ${placements[control]?.crashed ?? 0}. ${attribution(result)}`;
    case 'inconclusive':
      return rulesOf(question.recipe).sentence(trials) ?? 'Nothing is proven.';
  }
}
