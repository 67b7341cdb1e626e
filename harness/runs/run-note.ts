// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { KernelIdentity } from '../model/kernel-identity.js';
import { KnownIssues } from '../model/known.js';
import { PLACEMENTS } from '../model/placement.js';
import { Repeat } from '../model/replay.js';
import { Shard } from './shard.js';

/** What was read of a placement's booted release method; judge/object.ts has the meanings. */
export const Code = z.strictObject({
  tailCall: z.boolean().nullable(),
  instructions: z.array(z.string()),
  objectSymbol: z.string().nullable(),
});

/** How a campaign ended. */
export const CampaignEnd = z.discriminatedUnion('how', [
  z.strictObject({ how: z.literal('complete') }),
  z.strictObject({ how: z.literal('stopped'), why: z.string() }),
  z.strictObject({ how: z.literal('interrupted') }),
]);
export type CampaignEnd = z.infer<typeof CampaignEnd>;

/** How far trials.jsonl went when the campaign ended: a line that is gone from its end is missed. */
export const LedgerEnd = z.strictObject({ lines: z.int().nonnegative(), last: z.string() });

/**
 * What a run writes about itself before its first trial, and again at its end; kept as run.json. Schema
 * 2 (since 0.2) is sealed, and has a name that every trial of the run is tied to.
 */
export const RunNote = z.strictObject({
  schema: z.literal([1, 2]),
  /** The run's own name, new for every folder; absent from schema 1. */
  id: z.string().optional(),
  /** Of a merged run: the names of the shards' runs, which its trials are tied to. */
  parts: z.array(z.string()).optional(),
  ledger: LedgerEnd.optional(),
  dmrace: z.string(),
  startedAt: z.string(),
  scenario: z.string(),
  trials: z.int().positive(),
  placements: z.array(z.enum(PLACEMENTS)).min(1),
  kernel: KernelIdentity,
  accel: z.enum(['kvm', 'tcg']),
  /** Entries of the known-issues file that the run was given; null without one. */
  known: KnownIssues.nullable().default(null),
  deterministic: z.boolean().optional(),
  /** Processors of the guests; absent: one. */
  cpus: z.int().positive().optional(),
  /** A run of dmrace sweep: trial N lets the holder run at block N, trial 0 after the unload. */
  sweep: z.boolean().optional(),
  codes: z.partialRecord(z.enum(PLACEMENTS), Code),
  /** Seed of the first trial; absent before 0.2, where nothing could be resumed. */
  seed: z.int().nonnegative().optional(),
  /** As given with --profile and --config, the file by its whole path: how a resumed run is built. */
  profile: z.string().optional(),
  config: z.string().optional(),
  /** Files of --patch by their whole paths; empty: the suspect’s module was rebuilt without one. */
  patch: z.array(z.string()).optional(),
  /** `as-compiled` was not asked for: one trial of it goes along, because the subject's method jumps. */
  attribution: z.literal(true).optional(),
  /** The part of a split run that this is; its share of `trials` is shareOf(). */
  shard: Shard.optional(),
  /** How the campaign ended; absent while it runs, and when it was killed. */
  end: CampaignEnd.optional(),
  /** First line of `qemu-system-ARCH --version`; this and `guests` are absent before 0.2. */
  qemu: z.string().optional(),
  /** Name of each placement's initramfs in the cache, made from all that is in it: module, vm/. */
  guests: z.partialRecord(z.enum(PLACEMENTS), z.string()).optional(),
  /** Trials of a deterministic run that were run again at once. */
  repeats: z.array(Repeat).optional(),
  /** Of scenario churn: how long each trial is, in ms. */
  durationMs: z.int().positive().optional(),
  /** What every deadline was multiplied by; absent before 0.2. */
  patience: z.number().positive().optional(),
  /** Saved guests that were refused and made again during the run, and why. */
  remade: z.partialRecord(z.enum(PLACEMENTS), z.string()).optional(),
  /** Trials that crash are dumped. */
  dump: z.literal(true).optional(),
  /** The vmlinux with debug information that belongs to the kernel, where there was one. */
  vmlinux: z.string().optional(),
  /** Of dmrace replay: the run whose trials these are. */
  replayOf: z.string().optional(),
});
export type RunNote = z.infer<typeof RunNote>;
