// SPDX-License-Identifier: MIT
import type { CallFrame } from '../model/finding.js';
import { sourceName } from './frame.js';
import { isGeneric } from './generic/index.js';
import type { ReportLine } from './recogniser.js';
import type { Report } from './report.js';

/** The function to name in the title, as in the source, with the frame it was taken from. */
export interface Blame {
  readonly name: string;
  readonly frame: CallFrame | undefined;
}

/** Nobody can be named. */
export const NOBODY: Blame = { name: '', frame: undefined };

/** A line's symbol, whichever way the line names it. */
export function symbolOf(line: ReportLine): string | undefined {
  const { code } = line;
  if (code === undefined) return undefined;
  if (code.is === 'pc' && code.user) return undefined;
  // The same crash has the same title, whether line numbers were put in or not.
  if (code.inlined === true) return undefined;
  return code.frame.symbol;
}

/** What a report's family must not blame. */
export function skipOf(report: Report): RegExp | undefined {
  const { skip } = report.recogniser;
  return typeof skip === 'function' ? skip(report) : skip;
}

/** Whether a title may name a symbol. */
export function usable(symbol: string, skip: RegExp | undefined): boolean {
  const name = sourceName(symbol);
  return !isGeneric(name) && !(skip?.test(name) ?? false);
}

/** The frames of the trace alone, where it begins. */
export function traceOnly(lines: readonly ReportLine[]): ReportLine[] {
  const start = lines.findIndex((l) => l.opens);
  const from = start < 0 ? lines : lines.slice(start);
  return from.filter((l) => l.code?.is === 'frame');
}
