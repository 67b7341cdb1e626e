// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { CAUSES } from './finding.js';

const Version = z
  .string()
  .regex(/^\d+\.\d+(\.\d+)?$/, 'a kernel version like 6.1 or 6.12.5 is expected');

/** Kernels that an entry is about. */
const Range = z.strictObject({ from: Version.nullable(), to: Version.nullable() });

/**
 * A crash that is known and accepted. Everything it says must fit a finding. `to` is inclusive and
 * covers what it begins: `6.12` covers 6.12.40; null is open.
 */
export const KnownIssue = z.strictObject({
  cause: z.enum(CAUSES),
  /** The function that the finding blames. */
  function: z.string().min(1),
  kernel: Range,
  /** Where it is told: a URL, a commit, a Message-ID. */
  reference: z.string().min(1),
  /** The whole title, when the function alone says too little. */
  title: z.string().min(1).optional(),
});
export type KnownIssue = z.infer<typeof KnownIssue>;

/** The entries of a known-issues file that are about crashes of a run. */
export const KnownIssues = z.array(KnownIssue);

/** A finding of the audit that is known, with all its modules, those that come later too. */
export const KnownFinding = z.strictObject({
  /** Its identifier, such as `rcu-callback:tun:tun_prog_free`. */
  finding: z.string().min(1),
  kernel: Range,
  reference: z.string().min(1),
});

/** A fault of one module that is known, whichever functions it shows. */
export const KnownFault = z.strictObject({
  /** As the finding has it in `about`, such as `class-release`. */
  fault: z.string().min(1),
  /** The module that was visited, or the one that is at fault. */
  module: z.string().min(1),
  kernel: Range,
  reference: z.string().min(1),
});

/** An entry of a known-issues file that is about the audit. */
export type KnownAudit = z.infer<typeof KnownFinding> | z.infer<typeof KnownFault>;
export const KnownAudit = z.union([KnownFinding, KnownFault]);

/** What a known-issues file holds: each command takes the entries that it can look for. */
export interface KnownEntries {
  readonly crashes: readonly KnownIssue[];
  readonly audit: readonly KnownAudit[];
}

/** The schema of one entry, by the field that only its kind has. */
const schemaOf = (entry: unknown): z.ZodType<KnownIssue | KnownAudit> => {
  if (typeof entry !== 'object' || entry === null) return KnownIssue;
  if ('finding' in entry) return KnownFinding;
  return 'fault' in entry ? KnownFault : KnownIssue;
};

/**
 * Reads the entries of a known-issues file.
 * @param value the whole file, as JSON was parsed
 * @returns the entries, or everything that is wrong, each with the path of its field
 */
export function knownEntries(
  value: unknown,
): KnownEntries | readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const list = z.array(z.unknown()).safeParse(value);
  if (!list.success) return list.error.issues;
  const read = list.data.map((entry) => schemaOf(entry).safeParse(entry));
  const problems = read.flatMap(({ error }, index) =>
    (error?.issues ?? []).map(({ path, message }) => ({ path: [index, ...path], message })),
  );
  if (problems.length > 0) return problems;
  const entries = read.flatMap(({ data }) => (data === undefined ? [] : [data]));
  return {
    crashes: entries.filter((entry) => 'cause' in entry),
    audit: entries.flatMap((entry) => ('cause' in entry ? [] : [entry])),
  };
}

/** What became of the entries of a known-issues file in a run. */
export interface KnownReport {
  /** Entries that findings matched, with the trials they were in, as `PLACEMENT INDEX`. */
  readonly seen: readonly { readonly issue: KnownIssue; readonly trials: readonly string[] }[];
  /** Entries about this kernel whose crash this run looked for, in its window, and did not see. */
  readonly stale: readonly KnownIssue[];
  /** Entries about this kernel of which this run can say nothing. */
  readonly notLookedFor: readonly KnownIssue[];
}
