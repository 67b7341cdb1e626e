// SPDX-License-Identifier: MIT
import { DmraceError } from '../model/errors.js';
import { shownDeep } from '../model/shown.js';
import { renderSweepJson, renderSweepText, type SweepView } from '../report/sweep.js';
import { paintFor } from './paint.js';
import { out } from './streams.js';

/** A format of runs that sweeps do not have. */
export const noSuchForm = (format: string): DmraceError =>
  new DmraceError('usage', {
    observed: `--format ${format}: a sweep has no such form`,
    action: 'use pretty or json',
  });

/** Prints a judged sweep to stdout. */
export function printSweep(view: SweepView, format: string): void {
  out(
    format === 'json'
      ? renderSweepJson(view)
      : renderSweepText(shownDeep(view), paintFor(process.stdout)),
  );
}
