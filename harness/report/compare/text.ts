// SPDX-License-Identifier: MIT
import type { CompareResult } from '../../model/compare.js';
import { SIDES } from '../../model/compare.js';
import { runAgain } from '../next.js';
import { type Paint, plainTable, wrapped } from '../text.js';
import { crashesOf, HEAD, kernelLines, patchLines, rowsOf, sentenceOf } from './rows.js';

const MAX_REASONS = 6;

/** What is printed of a comparison besides its result. */
export interface CompareScreen {
  readonly directory: string;
  readonly paint: Paint;
  readonly docker?: readonly string[];
}

/** The command that makes such a comparison. */
export const compareCommand = (result: CompareResult, docker: readonly string[] = []): string =>
  runAgain(result.after, docker, ['--compare', `--trials ${result.before.question.trials}`]);

/** The end screen of a comparison. */
export function renderCompareText(
  result: CompareResult,
  { directory, paint, docker = [] }: CompareScreen,
): string {
  const colour = { closed: paint.good, open: paint.bad, inconclusive: paint.doubtful }[
    result.verdict
  ];
  const sentence = sentenceOf(result);
  const said = `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
  const more = result.reasons.length - MAX_REASONS;
  return [
    wrapped(`${colour(paint.strong(result.verdict))}: ${said}`, ''),
    ...[...patchLines(result), ...kernelLines(result)].map((line) => wrapped(line, '  ')),
    ...result.reasons.slice(0, MAX_REASONS).map((reason) => wrapped(`- ${reason}`, '  ')),
    ...(more > 0 ? [`  - and ${more} more (--format json has all)`] : []),
    '',
    plainTable(
      [...HEAD],
      rowsOf(result).map(({ name, before, after }) => [name, before, after]),
    ),
    '',
    ...SIDES.flatMap((side) =>
      crashesOf(result[side]).map(({ finding, times }) =>
        wrapped(
          `${side}: ${finding.title} (${finding.cause}), in ${times} trial${times === 1 ? '' : 's'}${finding.resolvedFault === undefined ? '' : `, reading ${finding.resolvedFault}`}`,
          '',
        ),
      ),
    ),
    `artefacts  ${directory}/before and ${directory}/after`,
    `next       ${compareCommand(result, docker)}  ${paint.faint('# the same again')}`,
    `           dmrace report ${directory}  ${paint.faint('# both sides as HTML')}`,
    '',
  ].join('\n');
}
