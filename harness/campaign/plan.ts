// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { MethodHome, Placement } from '../model/placement.js';
import type { RecipeName } from '../model/recipe.js';
import { CRASHES } from '../model/recipe.js';
import type { Scenario } from '../model/scenario.js';
import type { PlanOf, TrialPlan } from '../model/trial.js';

/** How nonces are made: from a plan that has none yet. */
export type NonceMaker = (plan: TrialPlan) => string;

/** 128 random bits: a guest cannot have seen it before the trial. */
export const newNonce = (): string => randomBytes(16).toString('hex');

/** What all trials of a campaign have in common. */
export interface PlanRequest {
  readonly scenario: Scenario;
  /** Where the subject's release method is by its built objects. */
  readonly methodHome?: MethodHome | undefined;
  readonly durationMs: number | null;
  readonly nonce: NonceMaker;
}

/** What a soak takes when nothing is said. */
export const SOAK_MS = 30_000;

type Base = Omit<PlanOf<'delayed'>, 'recipe'>;

/**
 * What the index of a trial means to its recipe. A sweep's trial N lets the holder run at block N,
 * its trial 0 after the unload.
 */
const PLANNERS: {
  readonly [R in RecipeName]: (base: Base, request: PlanRequest) => PlanOf<R>;
} = {
  'release-return': (base) => ({ ...base, recipe: 'release-return' }),
  sweep: (base) => ({
    ...base,
    recipe: 'sweep',
    yieldAfter: base.index === 0 ? 'after' : base.index,
  }),
  delayed: (base) => ({ ...base, recipe: 'delayed' }),
  soak: (base, { durationMs }) => ({ ...base, recipe: 'soak', durationMs: durationMs ?? SOAK_MS }),
  crash: (base) => ({
    ...base,
    recipe: 'crash',
    how: CRASHES[base.index % CRASHES.length] ?? CRASHES[0],
  }),
};

/** The plan of one trial. */
export function planTrial(
  request: PlanRequest,
  trial: { readonly placement: Placement; readonly index: number; readonly seed: number },
): TrialPlan {
  const { scenario, methodHome, nonce } = request;
  const base: Base = {
    ...trial,
    nonce: '0'.repeat(32),
    scenario: scenario.notedAs,
    ...(methodHome === undefined ? {} : { methodHome }),
  };
  const plan = PLANNERS[scenario.recipe](base, request);
  return { ...plan, nonce: nonce(plan) };
}

/** The trials of a run, placements in turn, so that a stopped campaign has some of each. */
export function planTrials(
  request: PlanRequest,
  {
    placements,
    trials,
    seed,
  }: {
    readonly placements: readonly Placement[];
    /** Of each placement. */
    readonly trials: number;
    /** Of the first one; each index has the next. */
    readonly seed: number;
  },
): TrialPlan[] {
  return Array.from({ length: trials }, (_, index) =>
    placements.map((placement) => planTrial(request, { placement, index, seed: seed + index })),
  ).flat();
}
