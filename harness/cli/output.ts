// SPDX-License-Identifier: GPL-2.0-only
import type { TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import { type Format, type FormatName, formatNamed } from '../report/formats.js';
import type { Timing } from '../report/json.js';
import { tellGithub } from './github.js';
import { paintFor } from './paint.js';

/** Prints a trial to stdout as soon as it is judged, when the format streams. */
export function printTrial(trial: TrialResult, name: FormatName): void {
  const format: Format = formatNamed(name);
  if (format.trial) process.stdout.write(format.trial(trial));
}

/** Prints a run's result to stdout, and tells GitHub when it runs there. */
export function printResult(
  result: RunResult,
  format: FormatName,
  directory: string,
  timing: Timing,
): void {
  const { end } = formatNamed(format);
  process.stdout.write(end({ result, timing, directory, paint: paintFor(process.stdout) }));
  tellGithub(result);
}
