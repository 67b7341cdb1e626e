// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { KernelIdentity } from '../../model/kernel-identity.js';
import { KnownAudit } from '../../model/known.js';
import { CampaignEnd, LedgerEnd } from '../run-note.js';
import { Shard } from '../shard.js';

const PairJson = z.strictObject({ finding: z.string(), module: z.string() });

/** A visit that is to be made: the module, and the exercise or null. */
export const PlannedJson = z.strictObject({ module: z.string(), exercise: z.string().nullable() });

/**
 * What an audit writes about itself before its first visit, and again at its end; kept as audit.json,
 * sealed.
 */
export const AuditNote = z.strictObject({
  schema: z.literal(1),
  /** The audit's own name, new for every folder. */
  id: z.string(),
  /** Of a merged audit: the names of its shards. */
  parts: z.array(z.string()).optional(),
  dmrace: z.string(),
  startedAt: z.string(),
  kernel: KernelIdentity,
  /** As given with --profile, --config and --patch, the files by their whole paths: how it is built. */
  profile: z.string().optional(),
  config: z.string().optional(),
  patch: z.array(z.string()).optional(),
  static: z.boolean(),
  live: z.boolean(),
  /** Modules that were named. */
  named: z.array(z.string()),
  /** Modules without an exercise are loaded and unloaded, too. */
  all: z.boolean(),
  /** Exercises and modules that were given, by their whole paths. */
  exercises: z.array(z.string()),
  modules: z.array(z.string()),
  /** All visits of the whole, in order; a shard makes its share of them. */
  plan: z.array(PlannedJson),
  shard: Shard.optional(),
  /** Entries of the known-issues file that are about the audit; null without one. */
  known: z.array(KnownAudit).nullable(),
  /** What the audit is compared with, as it was read then; null without one. */
  baseline: z
    .strictObject({ folder: z.string(), release: z.string(), alarms: z.array(PairJson) })
    .nullable(),
  /** Absent where nothing was booted. */
  accel: z.enum(['kvm', 'tcg']).optional(),
  /** What every deadline was multiplied by. */
  patience: z.number().positive(),
  /** SHA-256 of static.json; absent until the static part is done, and without one. */
  staticSha256: z.string().optional(),
  /** What a reader should know of the static part. */
  staticNotes: z.array(z.string()).optional(),
  /** The first line of visits.jsonl follows `id`; absent in audits from before 28 November 2026. */
  ownLines: z.literal(true).optional(),
  /** How far visits.jsonl went when the audit ended. */
  ledger: LedgerEnd.optional(),
  end: CampaignEnd.optional(),
});
export type AuditNote = z.infer<typeof AuditNote>;
