// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { Dump } from '../model/dump.js';
import { METHOD_HOMES, PLACEMENTS } from '../model/placement.js';
import { TrialTie } from '../model/tie.js';
import { type PlanOf, TrialEnd, type TrialNote, type TrialPlan } from '../model/trial.js';
import { scenariosNoted } from '../scenarios/index.js';
import { isAsSealed, Seal, sealedText, sha256 } from './seal.js';

/** In files `yieldAfter` is a number: 0 for no sweep, and this for "after the unload". */
const AFTER = 1_000_000;

/** A plan as trial.json and trials.jsonl have it: one form for every recipe, read for ever. */
export const PlanJson = z.strictObject({
  placement: z.enum(PLACEMENTS),
  index: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  scenario: z.string(),
  methodHome: z.enum(METHOD_HOMES).optional(),
  yieldAfter: z.int().nonnegative(),
  durationMs: z.int().positive().optional(),
});
export type PlanJson = z.infer<typeof PlanJson>;

/** The form of a plan in files. */
export function planToJson(plan: TrialPlan): PlanJson {
  const { placement, index, seed, nonce, scenario, methodHome } = plan;
  const base = {
    placement,
    index,
    seed,
    scenario,
    yieldAfter: plan.recipe === 'sweep' ? blockToJson(plan.yieldAfter) : 0,
    nonce,
    ...(methodHome === undefined ? {} : { methodHome }),
  };
  return plan.recipe === 'soak' ? { ...base, durationMs: plan.durationMs } : base;
}

/** A block of a sweep in files: a number. */
export const blockToJson = (block: number | 'after'): number => (block === 'after' ? AFTER : block);
/** The same, read. */
export const blockFromJson = (block: number): number | 'after' =>
  block >= AFTER ? 'after' : block;

/** The recipes whose trials are kept in files. */
type KeptRecipe = Exclude<TrialPlan['recipe'], 'crash'>;

const BUILDERS: {
  readonly [R in KeptRecipe]: (
    base: Omit<PlanOf<'delayed'>, 'recipe'>,
    json: PlanJson,
  ) => PlanOf<R> | string;
} = {
  'release-return': (base) => ({ ...base, recipe: 'release-return' }),
  sweep: (base, { yieldAfter }) => ({
    ...base,
    recipe: 'sweep',
    yieldAfter: blockFromJson(yieldAfter),
  }),
  delayed: (base) => ({ ...base, recipe: 'delayed' }),
  soak: (base, { durationMs }) =>
    durationMs === undefined
      ? 'a soak without its duration'
      : { ...base, recipe: 'soak', durationMs },
};

/** A plan that was read; or why it is none, in words. */
export function planFromJson(json: PlanJson): TrialPlan | string {
  const noted = scenariosNoted(json.scenario);
  const scenario = noted.find(({ recipe }) => (recipe === 'sweep') === json.yieldAfter > 0);
  if (!scenario || scenario.recipe === 'crash') {
    return `no scenario of this version is noted as "${json.scenario}"${json.yieldAfter > 0 ? ' and swept' : ''}`;
  }
  const { placement, index, seed, nonce, methodHome } = json;
  const base = {
    placement,
    index,
    seed,
    nonce,
    scenario: json.scenario,
    ...(methodHome === undefined ? {} : { methodHome }),
  };
  return BUILDERS[scenario.recipe](base, json);
}

/**
 * A nonce made from the trial alone, for deterministic runs: unique within a run, but no secret.
 * It still tells trials of one run apart; it no longer proves that the guest heard it first now.
 */
export function seededNonce(plan: TrialPlan): string {
  const { scenario, placement, index, seed, yieldAfter } = planToJson(plan);
  return sha256(JSON.stringify([scenario, placement, index, seed, yieldAfter])).slice(0, 32);
}

const NOTE = {
  plan: PlanJson,
  end: TrialEnd,
  durationMs: z.number().nonnegative(),
  start: z.enum(['booted', 'restored']),
};

/** Sizes and hashes of the files beside trial.json, so that one that was cut or edited is told. */
const Seals = z.record(z.string(), z.strictObject({ bytes: z.int().nonnegative(), sha256: Seal }));
export type Seals = z.infer<typeof Seals>;

/**
 * trial.json: the plan, how the VM ended, for how long it ran, the seals of the files beside it, what became of
 * its dump. Schema
 * 1 (before 0.2) had no tie and no seal of its own.
 */
export const NoteJson = z.discriminatedUnion('schema', [
  z.strictObject({ schema: z.literal(1), ...NOTE, seals: Seals.optional() }),
  z.strictObject({
    schema: z.literal(2),
    ...NOTE,
    tie: TrialTie,
    seals: Seals,
    dump: Dump.optional(),
    seal: Seal,
  }),
]);
export type NoteJson = z.infer<typeof NoteJson>;

/** The text of trial.json. A note without a tie is of a run before 0.2, and is written as that. */
export function noteText(note: TrialNote, seals: Seals): string {
  const { plan, end, durationMs, start, tie, dump } = note;
  const common = { plan: planToJson(plan), end, durationMs, start };
  return tie === null
    ? `${JSON.stringify({ schema: 1, ...common, seals }, null, 2)}\n`
    : sealedText({ schema: 2, ...common, tie, seals, ...(dump ? { dump } : {}) });
}

/**
 * A note that was read; or why it is none, in words.
 * @param text what `json` was read from
 */
export function noteFromJson(json: NoteJson, text: string): TrialNote | string {
  const plan = planFromJson(json.plan);
  if (typeof plan === 'string') return plan;
  if (json.schema === 2 && !isAsSealed(text)) return 'it was changed after the run';
  const { end, durationMs, start } = json;
  const { tie, dump } = json.schema === 2 ? json : { tie: null, dump: undefined };
  return { plan, end, durationMs, start, tie, ...(dump ? { dump } : {}) };
}
