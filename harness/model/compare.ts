// SPDX-License-Identifier: MIT
import type { PatchIdentity } from './patch.js';
import type { RunResult, Verdict } from './verdict.js';

/** The two runs of a comparison, in the order in which they are run. */
export const SIDES = ['before', 'after'] as const;
/** See {@link SIDES}: without the series, and with it. */
export type Side = (typeof SIDES)[number];

/** What a series does to a bug: one answer of two runs that differ by it alone. */
export interface CompareResult {
  /** `closed`: shown before, closed after; `open`: open after; `inconclusive`: anything else. */
  readonly verdict: Verdict;
  /** Why, the weightiest first. */
  readonly reasons: readonly string[];
  /** 0 closed; 1 open after, or a crash of another cause there; 125 anything else. */
  readonly exitCode: 0 | 1 | 125;
  readonly patches: readonly PatchIdentity[];
  /** The run without the series, as it was judged by itself. */
  readonly before: RunResult;
  /** The run with it: its subject beside the controls of the other, which are the unpatched kernel's. */
  readonly after: RunResult;
}
