// SPDX-License-Identifier: MIT
import type { CompareResult, Side } from '../../model/compare.js';
import type { RunEvidence } from '../evidence.js';
import type { FormatName } from '../formats.js';
import type { Timing } from '../json.js';
import type { Paint } from '../text.js';
import { renderCompareJson } from './json.js';
import { renderCompareKtap } from './ktap.js';
import { renderCompareMarkdown } from './markdown.js';
import { renderCompareText } from './text.js';

/** Formats of runs that a comparison has too; the others draw trials, of which it has two kinds. */
export const COMPARE_FORMATS = ['pretty', 'json', 'ktap', 'junit', 'markdown', 'html'] as const;
/** See {@link COMPARE_FORMATS}. */
export type CompareFormat = (typeof COMPARE_FORMATS)[number];

/** The format of that name; null for one that a comparison does not have. */
export const compareFormat = (name: FormatName): CompareFormat | null =>
  COMPARE_FORMATS.find((one) => one === name) ?? null;

/** What a comparison is printed from. */
export interface CompareRendering {
  readonly result: CompareResult;
  readonly directory: string;
  readonly timing: Timing;
  readonly paint: Paint;
  readonly docker: readonly string[];
  /** What was kept of the trials, and the page's style; asked for where they are shown. */
  readonly evidence: () => Promise<Readonly<Record<Side, RunEvidence>>>;
  readonly style: () => Promise<string>;
}

/** A comparison in a format. */
export async function renderCompare(
  format: CompareFormat,
  from: CompareRendering,
): Promise<string> {
  const { result, directory, timing, paint, docker } = from;
  switch (format) {
    case 'pretty':
      return renderCompareText(result, { directory, paint, docker });
    case 'json':
      return `${JSON.stringify(renderCompareJson(result, timing), null, 2)}\n`;
    case 'ktap':
      return renderCompareKtap(result);
    case 'junit':
      return (await import('./junit.js')).renderCompareJunit(result);
    case 'markdown':
      return renderCompareMarkdown(result, docker);
    case 'html':
      return (await import('./page.js')).renderComparePage({
        result,
        evidence: await from.evidence(),
        directory,
        style: await from.style(),
      });
  }
}
