// SPDX-License-Identifier: MIT
import { type CompareResult, SIDES } from '../../model/compare.js';
import { codeBlock, codeSpan, plainText } from '../markdown-text.js';
import { crashesOf, kernelLines, patchLines, rowsOf, sentenceOf } from './rows.js';
import { compareCommand } from './text.js';

const MAX_REASONS = 8;
const MAX_REPORT_LINES = 20;

/** A comparison for a mail or a merge request; also GitHub's job summary. */
export function renderCompareMarkdown(
  result: CompareResult,
  docker: readonly string[] = [],
): string {
  const { verdict, reasons, before } = result;
  const left = reasons.length - MAX_REASONS;
  return [
    `## dmrace ${plainText(before.question.scenario)}, compared: ${verdict}\n\n`,
    `${plainText(sentenceOf(result))} Asked for as ${codeSpan(before.kernel.spec)}.\n\n`,
    ...[...patchLines(result), ...kernelLines(result)].map((line) => `- ${plainText(line)}\n`),
    '\n| | before | after |\n|---|---|---|\n',
    ...rowsOf(result).map(
      ({ name, before, after }) =>
        `| ${plainText(name)} | ${plainText(before)} | ${plainText(after)} |\n`,
    ),
    '\n',
    ...reasons.slice(0, MAX_REASONS).map((reason) => `- ${plainText(reason)}\n`),
    ...(left > 0 ? [`- and ${left} more reasons\n`] : []),
    ...SIDES.flatMap((side) =>
      crashesOf(result[side]).map(({ finding, times }) => {
        const text = finding.text.slice(0, MAX_REPORT_LINES);
        const said = `${codeSpan(finding.title)}, cause ${codeSpan(finding.cause)}, in ${times} trial${times === 1 ? '' : 's'}`;
        return `\n### ${side === 'before' ? 'Before' : 'After'}\n\n${said}.\n${text.length === 0 ? '' : `\n${codeBlock(text)}`}`;
      }),
    ),
    `\n### How to reproduce\n\n${codeBlock([compareCommand(result, docker)], 'sh')}`,
  ].join('');
}
