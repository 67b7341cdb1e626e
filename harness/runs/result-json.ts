// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { roleOf } from '../model/role.js';
import { Block } from '../model/sweep.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import { TrialJson } from '../report/run-result.js';
import { blockFromJson, blockToJson } from './plan-json.js';

/** Where the holder of a sweep's trial ran, as files have it. */
const SweepJson = z.strictObject({
  asked: z.int().positive(),
  blocks: z.array(Block),
  ranAt: z.union([z.int().positive(), z.literal('after')]).nullable(),
  evidence: z.string().nullable(),
  missed: z.string().nullable(),
});

/** A judged trial as result.json and trials.jsonl have it: one form for every recipe. */
export const ResultJson = TrialJson.extend({
  contradicted: z.literal(true).optional(),
  neverReady: z.literal(true).optional(),
  sweep: SweepJson.optional(),
}).loose();
export type ResultJson = z.infer<typeof ResultJson>;

/** What only some recipes have, in the names of the files. */
function detailToJson(result: TrialResult): object {
  switch (result.recipe) {
    case 'soak':
      return result.churn === null ? {} : { churn: result.churn };
    case 'sweep':
      return { sweep: { ...result.sweep, asked: blockToJson(result.sweep.asked) } };
    case 'delayed':
      return { delays: result.delays };
    case 'release-return':
    case 'crash':
      return {};
  }
}

/** The form of a result in files. */
export function resultToJson(result: TrialResult): object {
  return {
    placement: result.placement,
    index: result.index,
    seed: result.seed,
    outcome: result.outcome,
    reached: result.reached,
    steps: result.steps,
    findings: result.findings,
    reasons: result.reasons,
    provenance: result.provenance,
    ...(result.contradicted ? { contradicted: true } : {}),
    ...(result.neverReady ? { neverReady: true } : {}),
    ...detailToJson(result),
    durationMs: result.durationMs,
    ...(result.hashes === null ? {} : { hashes: result.hashes }),
    ...(result.dump ? { dump: result.dump } : {}),
  };
}

/** What no judge says: a crash without a report, a window that a lost trial reached. */
const isConsistent = ({ outcome, reached, findings, reasons }: ResultJson): boolean =>
  (outcome === 'crashed') === findings.length > 0 &&
  !(reached && (outcome === 'lost' || outcome === 'not-reached')) &&
  (outcome === 'survived' || outcome === 'crashed' || reasons.length > 0);

/** The result of a plan, read from a file; null when it is not that plan's or lacks what its recipe has. */
export function resultFromJson(json: ResultJson, plan: TrialPlan): TrialResult | null {
  if (json.placement !== plan.placement || json.index !== plan.index) return null;
  const { contradicted, neverReady, churn, sweep, delays, hashes, ...rest } = json;
  if (!isConsistent(json)) return null;
  const base = {
    ...rest,
    // The schema is the type's; only `undefined` for an absent field is spelled in another way. What
    // is known is for the reader's file to say.
    findings: json.findings.map(({ known: _, ...finding }) => finding) as TrialResult['findings'],
    role: roleOf(plan.placement),
    scenario: plan.scenario,
    contradicted: contradicted === true,
    neverReady: neverReady === true,
    hashes: hashes ?? null,
  };
  switch (plan.recipe) {
    case 'release-return':
    case 'crash':
      return { ...base, recipe: plan.recipe };
    case 'soak':
      return { ...base, recipe: 'soak', churn: churn ?? null };
    case 'delayed':
      return { ...base, recipe: 'delayed', delays: delays ?? [] };
    case 'sweep':
      if (!sweep) return null;
      return {
        ...base,
        recipe: 'sweep',
        sweep: { ...sweep, asked: blockFromJson(sweep.asked) },
      };
  }
}
