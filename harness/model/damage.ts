// SPDX-License-Identifier: MIT

/** A file of a run that is not as the run left it. */
export interface Damage {
  /** Relative to the run directory, e.g. `builtin-0/trace.txt`. */
  readonly file: string;
  /** What is wrong, without the folder: `trace.txt cannot be read (…)`. */
  readonly observed: string;
  /** What the file was to hold. */
  readonly expected: string;
}
