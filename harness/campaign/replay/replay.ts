// SPDX-License-Identifier: MIT
import { layoutOf } from '../../evidence/layout.js';
import { readRecords } from '../../evidence/records.js';
import { judgeReplay, sideOf } from '../../judge/replay.js';
import { judgeTrial } from '../../judge/trial.js';
import { orderedPlacements } from '../../model/placement.js';
import type { ReplayResult } from '../../model/replay.js';
import { type TrialPlan, type TrialResult, trialName } from '../../model/trial.js';
import { prepareRig, qemuVersion, type ReadyRig } from '../../rig/rig.js';
import type { RecordedRun, RecordedTrial } from '../../runs/recorded.js';
import type { RunDirectory } from '../../runs/run-directory.js';
import { scenarioOf } from '../../scenarios/index.js';
import type { StopAt } from '../../symbols/stops.js';
import { version } from '../../util/version.js';
import type { Say } from '../../util/work.js';
import { newNonce } from '../plan.js';
import type { Conductor, RaceRequest } from '../request.js';
import { dumpNote, noteOf, openPlace, openRace, type Place } from '../set-up.js';
import { runTrials } from '../trials.js';
import { type Debugged, debugTrial } from './debug.js';
import { requireAccel, requireSame, unchecked } from './needs.js';

/** What of a recorded run is to be run again. */
export interface ReplayRequest {
  readonly run: RecordedRun;
  readonly wanted: readonly RecordedTrial[];
  /** The run's own options. */
  readonly race: RaceRequest;
}

/** A replay that has ended; null when it was interrupted. */
export interface EndedReplay {
  readonly directory: RunDirectory;
  readonly result: ReplayResult | null;
  /** The trials as they came out now. */
  readonly trials: readonly TrialResult[];
}

/** A trial that was stopped for a debugger, and went on. */
export interface EndedDebug extends Debugged {
  readonly directory: RunDirectory;
}

/**
 * Runs recorded trials again and says whether they came out identical.
 * @throws DmraceError (environment) that names everything that is not as recorded
 */
export async function replay(request: ReplayRequest, conductor: Conductor): Promise<EndedReplay> {
  const { run, wanted } = request;
  return onRig(request, conductor, async (rig, place) => {
    const stage = {
      title: `Replay of ${wanted.length} trial${wanted.length === 1 ? '' : 's'}`,
      name: 'trials',
    };
    const results = await conductor.stages.stage(stage, (say) => again(rig, place, request, say));
    const { directory } = place;
    if (conductor.signal.aborted) return { directory, result: null, trials: results };
    const inputs = wanted.map(({ trial, records, damage }) => {
      const now = results.find((result) => trialName(result) === trial);
      if (!now) throw new Error(`${trial} was not run`);
      return { trial, records, damage, now: sideOf(now) };
    });
    const compared = run.note.deterministic === true ? 'bytes' : 'outcome';
    const result = judgeReplay(inputs, compared, rig.kernel.identity, unchecked(run.note));
    await directory.writeVerdict({ schema: 1, kind: 'replay', ...result });
    await directory.writeManifest();
    return { directory, result, trials: results };
  });
}

/**
 * Runs the one wanted trial again and stops it.
 * @param tell called when the guest stands, with what to tell the user
 */
export async function debug(
  request: ReplayRequest & { readonly where: StopAt },
  conductor: Conductor,
  tell: (lines: readonly string[]) => void,
): Promise<EndedDebug> {
  const { run, wanted, where } = request;
  return onRig(request, conductor, async (rig, place) => {
    const [one] = wanted;
    if (!one?.files) throw new Error('a trial without files is not chosen');
    const { plan, files } = one;
    const { directory } = place;
    const { deterministic } = rig.request;
    const asked = { trials: 1, seed: plan.seed, more: { replayOf: run.root } };
    await directory.writeNote(noteOf(rig, place, asked));
    const debugged = await debugTrial({
      rig,
      plan: planOf(one, deterministic),
      recorded: judgeTrial(files),
      recordedLayout: layoutOf(
        readRecords(files.readyRecords).records,
        scenarioOf(plan).suspect.name,
      ),
      where,
      directory,
      tell,
    });
    return { ...debugged, directory };
  });
}

/** Sets up what the recorded run was run with, checks that it is the same, and works on it. */
async function onRig<T>(
  { run, wanted, race }: ReplayRequest,
  { signal, stages }: Conductor,
  work: (rig: ReadyRig, place: Place) => Promise<T>,
): Promise<T> {
  await requireAccel(run.root, run.note.accel, race.accel, race.arch);
  requireSame(run.root, run.note, { dmrace: version() });
  requireSame(run.root, run.note, { qemu: await qemuVersion(race.arch) });
  const opened = await openRace(race, signal);
  const place = await openPlace(opened, race);
  const placements = orderedPlacements(wanted.map(({ plan }) => plan.placement));
  try {
    const rig = await prepareRig(opened, { ...race, placements }, stages, {
      title: 'The same kernel, QEMU and guest as recorded',
      of: ({ kernel, qemu, guests }) =>
        requireSame(run.root, run.note, { kernel: kernel.identity, qemu, guests }, placements),
    });
    const done = await work(rig, place);
    await place.directory[Symbol.asyncDispose]();
    return done;
  } catch (error) {
    await place.directory.removeIfEmpty();
    throw error;
  }
}

/** A trial as it was planned. Its nonce is a new one, unless the bits are to be the same. */
const planOf = ({ plan }: RecordedTrial, deterministic: boolean): TrialPlan =>
  deterministic ? plan : { ...plan, nonce: newNonce() };

async function again(
  rig: ReadyRig,
  place: Place,
  { run, wanted, race }: ReplayRequest,
  say: Say,
): Promise<Awaited<ReturnType<typeof runTrials>>['results']> {
  const { note } = run;
  const { directory } = place;
  const trials = wanted.map((one) => planOf(one, race.deterministic));
  const ofPlacement = trials.map(
    (one) => trials.filter((other) => other.placement === one.placement).length,
  );
  const asked = {
    trials: Math.max(...ofPlacement),
    seed: note.seed ?? Math.min(...trials.map(({ seed }) => seed)),
    more: {
      ...(note.durationMs === undefined ? {} : { durationMs: note.durationMs }),
      ...dumpNote(race, rig.kernel),
      replayOf: run.root,
    },
  };
  const begun = noteOf(rig, place, asked);
  await directory.writeNote(begun);
  const request = {
    trials,
    jobs: race.jobs,
    stop: () => null,
    directory,
    note: begun,
    dump: race.dump === true,
  };
  const { results, end } = await runTrials(rig, request, say);
  const more = { ...asked.more, end, ledger: directory.ledgerEnd };
  await directory.writeNote(noteOf(rig, place, { ...asked, more }));
  return results;
}
