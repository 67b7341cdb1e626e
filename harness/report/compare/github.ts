// SPDX-License-Identifier: MIT
import type { CompareResult } from '../../model/compare.js';
import { annotation, LEVEL, SUMMARY_LIMIT_BYTES } from '../github.js';
import { renderCompareMarkdown } from './markdown.js';
import { sentenceOf } from './rows.js';

/** A workflow annotation with the answer and its reasons. */
export const compareAnnotation = (result: CompareResult): string =>
  annotation(
    LEVEL[result.verdict],
    `dmrace ${result.before.question.scenario}, compared: ${result.verdict}`,
    [sentenceOf(result), ...result.reasons].join('\n'),
  );

/** The job summary; empty where GitHub has no room left for it. */
export function compareSummary(result: CompareResult, limitBytes = SUMMARY_LIMIT_BYTES): string {
  const text = renderCompareMarkdown(result);
  return Buffer.byteLength(text) <= limitBytes ? text : '';
}
