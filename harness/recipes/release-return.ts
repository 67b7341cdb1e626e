// SPDX-License-Identifier: MIT
import { provenanceOf } from '../evidence/layout.js';
import { type Proven, prove } from '../evidence/prove.js';
import type { GuestSetUp } from '../model/guest-set-up.js';
import { homeOf } from '../model/placement.js';
import { type GuestRecord, recordsOf } from '../model/record.js';
import type { Scenario } from '../model/scenario.js';
import type { PlanOf, Provenance, StepEvidence } from '../model/trial.js';
import { holderCast } from './cast.js';
import { BY_WINDOW, type Evidence, type Judgement, type Recipe } from './recipe.js';

/** The step in which the release method is about to go on; all before it are the window. */
const LAST = 10;

/**
 * The guest of a race: one instance each to wake the holder, the load and a sweep's gate, and one in
 * which the load sees kernel threads that are born during the race.
 */
export const RACE_GUEST: Pick<GuestSetUp, 'prepare' | 'helper' | 'wake'> = {
  prepare: 'race',
  helper: true,
  wake: ['dmrace-holder', 'dmrace-load', 'dmrace-gate', 'dmrace-births'].map((name) => ({
    name,
    events: [],
    wakesAtOnce: false,
  })),
};

/** The window as far as it was proven, with where the release method really was. */
export interface Window {
  readonly steps: readonly StepEvidence[];
  readonly reached: boolean;
  readonly missing: readonly string[];
  readonly provenance: Provenance | null;
  /** What says that something else was booted: a method in another place. */
  readonly foreign: readonly string[];
}

/** SCHED_IDLE for the holder, SCHED_FIFO for the others, as the guest's kernel said. */
export function schedulingProblems(records: readonly GuestRecord[]): string[] {
  const wanted = { holder: 'SCHED_IDLE', load: 'SCHED_FIFO', remover: 'SCHED_FIFO' };
  const seen = new Map(recordsOf(records, 'scheduler').map((r) => [r.party, r.policy]));
  return Object.entries(wanted)
    .filter(([party, policy]) => seen.get(party) !== policy)
    .map(([party, policy]) => `${party} is ${seen.get(party) ?? 'unknown'}, not ${policy}`);
}

/**
 * A load that was at its deadline before the module was gone let go of the CPU inside the window. That
 * the holder happened not to run is then no merit of the setup.
 */
const loadProblems = (records: readonly GuestRecord[]): string[] =>
  recordsOf(records, 'spun')
    .filter(({ gaveUp }) => gaveUp === 1)
    .map(
      ({ startUs, endUs }) =>
        `the load gave up after ${((endUs - startUs) / 1000).toFixed(0)} ms, before the unload was done`,
    );

/**
 * The kobject's release method must be where the placement says, and for the subject where the
 * objects that were built from its tree have it.
 */
function placementProblems(
  plan: Pick<PlanOf<'release-return'>, 'placement' | 'methodHome'>,
  { suspect }: Scenario,
  provenance: Provenance | null,
): string[] {
  if (!provenance) return [];
  const { method } = suspect.build;
  const home = homeOf(plan.placement, plan.methodHome);
  const wanted = home === 'vmlinux' ? '' : (suspect.methodIn ?? suspect.name);
  if (provenance.symbol === method && provenance.module === wanted) return [];
  const where = provenance.module || 'vmlinux';
  return [
    `the kobject's release method is ${provenance.symbol || provenance.release} in ${where}, not ${method} in ${wanted || 'vmlinux'}`,
  ];
}

function provenSteps({
  scenario,
  events,
  records,
  fatalRun,
}: Evidence<'release-return' | 'sweep'>): Proven {
  const nothing = (why: string): Proven => ({ steps: [], missing: [why], bound: {} });
  if (events.length === 0) return nothing('there is no trace');
  const cast = holderCast(records, scenario.suspect);
  if (typeof cast === 'string') return nothing(cast);
  const proven = prove(scenario.telling, events, cast);
  // Where the trace ends with the window, the console of a panicked kernel may tell the last step.
  if (fatalRun === null || proven.steps.at(-1)?.step !== LAST - 1) return proven;
  return { ...proven, steps: [...proven.steps, fatalRun], missing: [] };
}

/** Goes through the ten steps. */
export function windowOf(evidence: Evidence<'release-return' | 'sweep'>): Window {
  const { plan, scenario, records, layout } = evidence;
  const proven = provenSteps(evidence);
  const returnAddress = proven.bound.returnAddress ?? null;
  const provenance = provenanceOf(records, layout, scenario.suspect.build.method, returnAddress);
  return {
    steps: proven.steps,
    reached: proven.steps.some(({ step }) => step === LAST - 1),
    missing: proven.missing,
    provenance,
    foreign: placementProblems(plan, scenario, provenance),
  };
}

/** A trial has reached the window when all steps but the last were proven, in order. */
function judge(evidence: Evidence<'release-return'>): Judgement<'release-return'> {
  const { steps, reached, missing, provenance, foreign } = windowOf(evidence);
  return {
    steps,
    reached,
    whole: reached,
    foreign,
    doubts: [
      ...loadProblems(evidence.records),
      ...(steps.length > 0 ? schedulingProblems(evidence.records) : []),
    ],
    missing,
    provenance,
    detail: {},
  };
}

/**
 * The window of a release method that has done its work and has not returned: a holder drops the last
 * reference, is preempted by the remover that it wakes, and is kept off the CPU until the module is
 * gone.
 */
export const releaseReturn: Recipe<'release-return'> = {
  name: 'release-return',
  guest: RACE_GUEST,
  cpus: 1,
  word: 'trial',
  command: (_plan, { pinsParent }) => [`pin=${pinsParent ? 1 : 0}`],
  extraMs: () => 0,
  endsByCrash: true,
  judge,
  verdict: BY_WINDOW,
  table: null,
};
