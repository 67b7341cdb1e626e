// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { ChurnTally } from '../model/churn.js';
import { Dump } from '../model/dump.js';
import { CAUSES, FINDING_KINDS } from '../model/finding.js';
import { KernelIdentity } from '../model/kernel-identity.js';
import { KnownIssue } from '../model/known.js';
import { OUTCOMES } from '../model/outcome.js';
import { PLACEMENTS } from '../model/placement.js';
import { Repeat } from '../model/replay.js';
import { StepEvidence } from '../model/trial.js';
import { CLOSERS } from '../model/verdict.js';
import { SUSPECTS } from '../suspects/index.js';

/** Version of `--format json`: fields are added without a new number, never changed or removed. */
export const SCHEMA = 1;

const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const count = () => z.int().nonnegative();
const address = () => z.string().describe('lower-case hex without 0x');

/** The suspect of the main job, which the fields' descriptions name. */
const DM_MOD = SUSPECTS.dm_mod.build;

const Cause = z.enum(CAUSES).describe('what the crash means for the question asked');

const CallFrame = z.object({
  symbol: z.string().optional(),
  offset: z.int().optional().describe('bytes into the symbol'),
  size: z.int().optional().describe('bytes of the symbol'),
  module: z.string().optional(),
  address: address().optional(),
  reliable: z.boolean().describe('false for frames that the unwinder marked with ?'),
});

const State = z.union([
  z.object({ is: z.literal('complete') }),
  z.object({ is: z.enum(['torn', 'interleaved', 'truncated']), reason: z.string() }),
]);

/** A crash report; `Finding` of model/finding.ts says more of each field. */
export const FindingJson = z.object({
  kind: z.enum(FINDING_KINDS),
  title: z.string().describe('short and stable, in the manner of syzkaller'),
  family: z.string().optional().describe('the recogniser, finer than the kind'),
  function: z.string().describe('the function blamed; empty when none can be named'),
  module: z.string().optional(),
  address: address().optional().describe('program counter, lower-case hex without 0x'),
  pc: z.string().optional().describe('program counter as the console named it'),
  faultAddress: address().optional().describe('the address that could not be accessed'),
  instructionFetch: z.boolean().optional(),
  line: count().describe('first line of the report in console.log, from 1'),
  lastLine: count(),
  head: z.string().describe('first line of the report, log prefix removed'),
  task: z.string().optional(),
  pid: z.int().optional(),
  cpu: z.int().optional(),
  taint: z.string().optional(),
  frames: list(CallFrame),
  state: State,
  cause: Cause,
  resolved: z.string().optional().describe('name of an address in a module that was gone'),
  resolvedFault: z.string().optional().describe('the same for faultAddress'),
  known: z.string().optional().describe('reference of the known-issues entry that it matches'),
  text: list(z.string()).describe('the report, log prefixes removed; 200 lines at most'),
});

/** A judged trial; `TrialResult` of model/trial.ts says more of each field. */
export const TrialJson = z.object({
  placement: z.enum(PLACEMENTS),
  index: count(),
  seed: count(),
  outcome: z.enum(OUTCOMES),
  reached: z.boolean().describe('the window was proven, step by step and in order'),
  steps: list(StepEvidence).describe('the proven steps; atUs is the guest’s trace clock'),
  findings: list(FindingJson),
  reasons: list(z.string()).describe('why the outcome is not better than it is'),
  provenance: z
    .object({
      release: address().describe('ktype->release of the live kobject'),
      symbol: z.string(),
      module: z.string().describe('empty for vmlinux'),
      returnsTo: z.string().nullable().describe('where complete() was to return to'),
    })
    .nullable()
    .describe('where the release method that was called really was'),
  durationMs: z.number().nonnegative(),
  churn: ChurnTally.optional().describe('what a trial of scenario churn did'),
  hashes: z
    .object({ console: z.string(), trace: z.string(), records: z.string() })
    .describe('sha256 of what the trial left; equal for equal seeds of deterministic runs')
    .optional(),
  delays: list(z.object({ kobject: z.string(), jiffies: count() }))
    .describe('delayed-release: how long the kernel put each release off, in its order')
    .optional(),
  dump: Dump.describe('--dump: what became of the dump of a trial that crashed').optional(),
});

const RateJson = z.object({
  times: count(),
  of: count(),
  low: z.number().describe('Wilson’s interval at 95 %'),
  high: z.number(),
});

const PlacementJson = z.object({
  trials: count(),
  reached: count(),
  crashed: count(),
  lost: count(),
  crashRate: RateJson.describe('crashes among the trials that were not lost'),
  tailCall: z
    .boolean()
    .nullable()
    .describe('whether the booted release method jumps to complete(); null when unknown'),
  disassembly: list(z.string()).describe('the booted machine code of the release method'),
  objectSymbol: z
    .string()
    .nullable()
    .describe(`nm’s letter for ${DM_MOD.method} in the booted ${DM_MOD.object}`),
});

const KnownJson = z.object({
  seen: list(z.object({ issue: KnownIssue, trials: list(z.string()) })),
  stale: list(KnownIssue).describe('about this kernel, looked for, and not seen'),
  notLookedFor: list(KnownIssue).describe('about this kernel; this run says nothing of them'),
});

/** The one object of `--format json`. docs/run-result.schema.json is made from it. */
export const RunResultJson = z.object({
  schema: z.literal(SCHEMA),
  verdict: z.enum(['closed', 'open', 'inconclusive']),
  reasons: list(z.string()),
  closedBy: list(z.enum(CLOSERS))
    .optional()
    .describe(
      'of a closed race: by the placement of the method, by the compiler’s jump, or by both',
    ),
  scenario: z.string(),
  targetCause: Cause,
  kernel: KernelIdentity,
  cpus: count().optional().describe('processors of each guest'),
  placements: z.object({
    builtin: PlacementJson.optional(),
    'in-module': PlacementJson.optional(),
    'as-compiled': PlacementJson.optional().describe(
      'the method in the module, compiled as the kernel’s own; decides no verdict',
    ),
    planted: PlacementJson.optional().describe('the planted control, where a scenario has one'),
    'planted-twin': PlacementJson.optional().describe('its correct twin, which must survive'),
  }),
  trials: list(TrialJson),
  repeats: list(Repeat)
    .optional()
    .describe('of a deterministic run: trials that were run again at once, and what differed'),
  known: KnownJson.optional().describe('what became of the known-issues file'),
  manifest: z
    .string()
    .optional()
    .describe('SHA-256 of SHA256SUMS in the run’s folder, for judge --manifest'),
  timing: z.record(z.string(), z.number()).describe('wall-clock milliseconds of the phases'),
});
export type RunResultJson = z.infer<typeof RunResultJson>;

/**
 * The JSON Schema (draft 2020-12) of {@link RunResultJson}. It allows more fields than it names,
 * because a later version may add some.
 */
export function runResultSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(RunResultJson, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    $id: `urn:dmrace:run-result:${SCHEMA}`,
    title: 'dmrace run --format json',
    ...rest,
  };
}
