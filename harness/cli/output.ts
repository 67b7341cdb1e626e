// SPDX-License-Identifier: GPL-2.0-only
import { renderJson, type Timing } from '../judge/render-json.js';
import { renderJunit } from '../judge/render-junit.js';
import { renderKtap } from '../judge/render-ktap.js';
import { renderText } from '../judge/render-text.js';
import type { RunResult } from '../model/verdict.js';
import { paintFor } from './paint.js';

/** Formats of a result on stdout. */
export const FORMATS = ['pretty', 'json', 'ktap', 'junit'] as const;
export type Format = (typeof FORMATS)[number];

/** Prints a run's result to stdout. */
export function printResult(
  result: RunResult,
  format: Format,
  directory: string,
  timing: Timing,
): void {
  switch (format) {
    case 'pretty':
      process.stdout.write(renderText(result, directory, paintFor(process.stdout)));
      return;
    case 'json':
      process.stdout.write(`${JSON.stringify(renderJson(result, timing), null, 2)}\n`);
      return;
    case 'ktap':
      process.stdout.write(renderKtap(result));
      return;
    case 'junit':
      process.stdout.write(renderJunit(result));
      return;
  }
}
