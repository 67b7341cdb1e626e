// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { CompareResult } from '../../model/compare.js';
import { PatchIdentity } from '../../model/patch.js';
import { renderJson, type Timing } from '../json.js';
import { RunResultJson } from '../run-result.js';

/** The one object of `run --compare --format json`. */
export const CompareJson = z.object({
  schema: z.literal(1),
  kind: z.literal('compare'),
  verdict: z
    .enum(['closed', 'open', 'inconclusive'])
    .describe('closed: shown before and closed after; open: open after'),
  reasons: z.array(z.string()).readonly(),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(125)]),
  patches: z.array(PatchIdentity).readonly(),
  before: RunResultJson.describe('the run without the patches, as `dmrace judge` prints it'),
  after: RunResultJson.describe('the run with them; its controls are those of before'),
  timing: z.record(z.string(), z.number()),
});
export type CompareJson = z.infer<typeof CompareJson>;

/** The answer with both runs whole. */
export const renderCompareJson = (result: CompareResult, timing: Timing): CompareJson => ({
  schema: 1,
  kind: 'compare',
  verdict: result.verdict,
  reasons: result.reasons,
  exitCode: result.exitCode,
  patches: result.patches,
  before: renderJson(result.before, {}),
  after: renderJson(result.after, {}),
  timing: { ...timing },
});
