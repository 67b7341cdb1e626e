// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { CAUSES } from './finding.js';

const Version = z
  .string()
  .regex(/^\d+\.\d+(\.\d+)?$/, 'a kernel version like 6.1 or 6.12.5 is expected');

/**
 * A crash that is known and accepted. Everything it says must fit a finding. `to` is inclusive and
 * covers what it begins: `6.12` covers 6.12.40; null is open.
 */
export const KnownIssue = z.strictObject({
  cause: z.enum(CAUSES),
  /** The function that the finding blames. */
  function: z.string().min(1),
  kernel: z.strictObject({ from: Version.nullable(), to: Version.nullable() }),
  /** Where it is told: a URL, a commit, a Message-ID. */
  reference: z.string().min(1),
  /** The whole title, when the function alone says too little. */
  title: z.string().min(1).optional(),
});
export type KnownIssue = z.infer<typeof KnownIssue>;

/** A known-issues file. */
export const KnownIssues = z.array(KnownIssue);

/** What became of the entries of a known-issues file in a run. */
export interface KnownReport {
  /** Entries that findings matched, with the trials they were in, as `PLACEMENT INDEX`. */
  readonly seen: readonly { readonly issue: KnownIssue; readonly trials: readonly string[] }[];
  /** Entries about this kernel whose crash this run looked for, in its window, and did not see. */
  readonly stale: readonly KnownIssue[];
  /** Entries about this kernel of which this run can say nothing. */
  readonly notLookedFor: readonly KnownIssue[];
}
