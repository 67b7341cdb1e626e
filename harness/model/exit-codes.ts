// SPDX-License-Identifier: MIT
import type { ErrorCode } from './errors.js';

/** The exit code of each kind of error (docs/verdicts.md); verdicts have theirs in the judge. */
export const EXIT: Readonly<Record<ErrorCode, number>> = {
  usage: 129,
  environment: 128,
  inconclusive: 125,
};

/** After Ctrl-C, SIGTERM or SIGHUP. */
export const INTERRUPTED = 130;
