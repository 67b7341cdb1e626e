// SPDX-License-Identifier: MIT
import { summarise } from '../judge/summary.js';
import type { Placement } from '../model/placement.js';
import { resultsOf, type TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import { prepareRig, type ReadyRig } from '../rig/rig.js';
import { seededNonce } from '../runs/plan-json.js';
import type { RunDirectory } from '../runs/run-directory.js';
import type { RunNote } from '../runs/run-note.js';
import { questionOf } from '../runs/saved-run.js';
import type { Say } from '../util/work.js';
import { newNonce, type PlanRequest, planTrial } from './plan.js';
import type { Conductor, RaceRequest } from './request.js';
import type { EndedRun } from './run.js';
import { noteOf, openPlace, openRace, type Place } from './set-up.js';
import { runTrials } from './trials.js';

/** More blocks than this are a mistake of ours, not a kernel's way of unloading a module. */
const MOST_POINTS = 200;

/** What a sweep came to. */
export interface EndedSweep extends EndedRun {
  readonly sweep: NonNullable<RunResult['sweep']>;
}

/** Lets the holder run at every block of the remover in turn, a trial each. */
export async function sweep(request: RaceRequest, conductor: Conductor): Promise<EndedSweep> {
  const { stages, signal } = conductor;
  const work = await openRace(request, signal);
  const place = await openPlace(work, request);
  const { directory } = place;
  const swept = async (): Promise<RunResult> => {
    const rig = await prepareRig(work, request, stages);
    return stages.stage(
      { title: 'Sweep: a trial for each block of the remover', name: 'trials' },
      (say) => points(rig, place, request, say),
    );
  };
  const result = await swept().catch(async (error: unknown) => {
    await directory.removeIfEmpty();
    throw error;
  });
  const { timing } = stages;
  if (!result.sweep) throw new Error('a sweep is judged as one');
  await directory.writeVerdict({ schema: 1, timing, ...result.sweep });
  const manifest = await directory.writeManifest();
  await directory[Symbol.asyncDispose]();
  return { directory, result, timing, manifest, sweep: result.sweep };
}

async function points(
  rig: ReadyRig,
  place: Place,
  request: RaceRequest,
  say: Say,
): Promise<RunResult> {
  const note = noteOf(rig, place, { trials: 1, seed: request.seed });
  await place.directory.writeNote(note);
  const trials = await sweepTrials(rig, place.directory, note, request, say);
  await place.directory.writeNote({
    // What was found out meanwhile: booted code, saved guests that were made again.
    ...noteOf(rig, place, { trials: 1, seed: request.seed }),
    end: { how: 'complete' },
    ledger: place.directory.ledgerEnd,
  });
  return summarise({
    question: questionOf(note),
    kernel: note.kernel,
    trials,
    codes: rig.codes,
    problems: [],
    known: null,
    notes: [],
  });
}

/** Trial 0 after the unload, which tells how many blocks there are; then one for each, and one more. */
async function sweepTrials(
  rig: ReadyRig,
  directory: RunDirectory,
  note: RunNote,
  { scenario, placements, seed, jobs, deterministic }: RaceRequest,
  say: Say,
): Promise<TrialResult[]> {
  const results: TrialResult[] = [];
  const plan: PlanRequest = {
    scenario,
    methodHome: rig.kernel.identity.methodHome,
    durationMs: null,
    nonce: deterministic ? seededNonce : newNonce,
  };
  const run = async (wanted: readonly (readonly [Placement, number])[]): Promise<void> => {
    const trials = wanted.map(([placement, index]) => planTrial(plan, { placement, index, seed }));
    const request = { trials, jobs, stop: () => null, directory, note };
    results.push(...(await runTrials(rig, request, say)).results);
    rig.work.signal.throwIfAborted();
  };
  await run(placements.map((placement) => [placement, 0]));
  const next = new Map(placements.map((placement) => [placement, 1]));
  for (;;) {
    // Until a trial was told of a block that did not come before the unload was done.
    const wanted = placements.flatMap((placement): [Placement, number][] => {
      const mine = resultsOf('sweep', results).filter((trial) => trial.placement === placement);
      const from = next.get(placement) ?? 1;
      const last = mine.find((trial) => trial.index === from - 1);
      if (from > 1 && last?.sweep.ranAt === 'after') return [];
      const blocks = mine.find((trial) => trial.index === 0)?.sweep.blocks.length ?? 0;
      const to = Math.min(Math.max(blocks + 1, from), MOST_POINTS);
      next.set(placement, to + 1);
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => [placement, from + i]);
    });
    if (wanted.length === 0) return results;
    await run(wanted);
  }
}
