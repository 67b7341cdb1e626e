// SPDX-License-Identifier: MIT
import type { Scenario } from '../model/scenario.js';

/** Text of a cell of a Markdown table. */
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The steps of a scenario as a Markdown table, for docs/: who does what, and what proves it. */
export function stepsTable({ telling }: Scenario): string {
  return [
    '| step | who | what | here | proven by |',
    '|---|---|---|---|---|',
    ...telling.proofs.map(
      ({ step, party, says, does, proof }) =>
        `| ${step} | ${party} | ${[says, does, proof].map(cell).join(' | ')} |`,
    ),
    '',
  ].join('\n');
}

const MARKS = /<!-- steps: ([\w-]+) -->\n[\s\S]*?<!-- end of steps -->/g;

/**
 * A page with the lists of steps between its marks written anew, so that docs/ says what the program
 * proves.
 * @param scenarios those that a mark may name
 * @throws Error for a mark that names none of them
 */
export function withStepsTables(page: string, scenarios: readonly Scenario[]): string {
  return page.replaceAll(MARKS, (_, name: string) => {
    const scenario = scenarios.find((one) => one.name === name);
    if (!scenario) throw new Error(`no scenario ${name}`);
    return `<!-- steps: ${name} -->\n${stepsTable(scenario)}<!-- end of steps -->`;
  });
}
