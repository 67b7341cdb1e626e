// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { ARCHES } from '../model/kernel.js';
import { AUDIT_FORMAT_NAMES } from '../report/audit/formats.js';
import { ACCELS, Patience, RunOptions, whole } from './options.js';

/** A flag that may be given several times; one word from a variable or the configuration. */
const Files = z.union([z.array(z.string()), z.string().transform((file) => [file])]).default([]);

/** The options of `dmrace audit`, wherever they come from: flags, DMRACE_*, dmrace.config.json. */
export const AuditOptions = z.strictObject({
  kernel: z.string().default('debian'),
  profile: z.string().optional(),
  config: z.string().optional(),
  patch: z.union([z.array(z.string()), z.string().transform((file) => [file])]).optional(),
  arch: z.enum(ARCHES).optional(),
  static: z.boolean().default(false),
  live: z.boolean().default(false),
  all: z.boolean().default(false),
  exercise: Files,
  module: Files,
  known: z.string().optional(),
  baseline: z.string().optional(),
  jobs: z.union([z.literal('auto'), whole(1)]).default('auto'),
  shard: z.string().optional(),
  resume: z.string().optional(),
  accel: z.enum(ACCELS).default('auto'),
  out: z.string().optional(),
  format: z.enum(AUDIT_FORMAT_NAMES).default(AUDIT_FORMAT_NAMES[0]),
  patience: Patience.default(1),
  reproducer: z.string().optional(),
  from: z.string().optional(),
  output: z.string().optional(),
  quiet: z.boolean().default(false),
});
export type AuditOptions = z.infer<typeof AuditOptions>;

/** Keys of dmrace.config.json that are for runs only. */
export const OF_RUNS: readonly string[] = Object.keys(RunOptions.shape);
