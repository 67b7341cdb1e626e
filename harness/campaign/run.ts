// SPDX-License-Identifier: MIT
import { summarise } from '../judge/summary.js';
import type { Placement } from '../model/placement.js';
import type { Repeat } from '../model/replay.js';
import { roleOf } from '../model/role.js';
import { anyRule, enoughRule, onceRule, stopRule } from '../model/stop-rule.js';
import { trialName } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import { prepareRig, type ReadyRig, type RigRequest } from '../rig/rig.js';
import { seededNonce } from '../runs/plan-json.js';
import type { RunDirectory } from '../runs/run-directory.js';
import type { CampaignEnd, RunNote } from '../runs/run-note.js';
import { sameRun } from '../runs/same-run.js';
import { notesOf, questionOf, readSavedRun } from '../runs/saved-run.js';
import { isMine, shareOf } from '../runs/shard.js';
import { staged } from '../scenarios/index.js';
import type { Say } from '../util/work.js';
import type { CampaignOutcome } from './campaign.js';
import { neededTrials } from './needed.js';
import { newNonce, planTrials } from './plan.js';
import { repeatFirst } from './repeat.js';
import type { Conductor, RunRequest } from './request.js';
import { goOn, type Resumed } from './resume.js';
import { dumpNote, noteOf, openPlace, openRace, type Place } from './set-up.js';
import { Tally } from './tally.js';
import { runTrials } from './trials.js';

/** A run that has ended, by itself or by an interrupt. */
export interface EndedRun {
  readonly directory: RunDirectory;
  readonly result: RunResult;
  readonly timing: Readonly<Record<string, number>>;
  /** SHA-256 of the manifest, for `judge --manifest`. */
  readonly manifest: string;
}

/** What the trials of a run came to. */
interface Outcome {
  readonly note: RunNote;
  readonly campaign: CampaignOutcome;
  readonly repeats: readonly Repeat[] | null;
}

/**
 * The main job: a kernel is prepared, its trials are run and judged.
 * @param resumed a run that goes on, in its own folder
 * @throws DmraceError; what was run until then is in the folder and can be gone on with
 */
export async function run(
  request: RunRequest,
  conductor: Conductor,
  resumed: Resumed | null = null,
): Promise<EndedRun> {
  const started = performance.now();
  const { stages, signal } = conductor;
  const work = await openRace(request, signal);
  const place: Place = resumed ?? (await openPlace(work, request));
  const { directory } = place;
  const share = shareOf(request.trials, request.shard);
  const raced = async (): Promise<Outcome> => {
    const rig = await prepareRig(work, request, stages);
    // One of the rig's placements may go along that was not asked for.
    const { title, total } = expected(rig.request, share);
    const tally = new Tally(total);
    return stages.stage(
      {
        title,
        name: 'trials',
        live: () => tally.toString(),
      },
      (say) => race({ rig, place, request, conductor, resumed, tally, say }),
    );
  };
  const outcome = await raced().catch(async (error: unknown) => {
    if (resumed) await directory[Symbol.asyncDispose]();
    else await directory.removeIfEmpty();
    throw error;
  });
  const timing = { ...stages.timing, totalMs: Math.round(performance.now() - started) };
  // A run that went on is what its folder says, from whatever day.
  const result = resumed
    ? (await readSavedRun(directory.root)).result
    : resultOf(directory, outcome);
  const { verdict, reasons, exitCode } = result;
  await directory.writeVerdict({ schema: 1, verdict, reasons, exitCode, timing });
  const manifest = await directory.writeManifest();
  await directory[Symbol.asyncDispose]();
  return { directory, result, timing, manifest };
}

/** How many trials there will be if all goes well, and that in words. */
function expected(
  { scenario, placements, attribution }: RigRequest,
  share: number,
): { readonly title: string; readonly total: number } {
  const goesAlong = (placement: Placement): boolean =>
    staged(scenario, placement) !== scenario ||
    (attribution === true && roleOf(placement) === 'attribution');
  const own = placements.filter((placement) => !goesAlong(placement));
  const along = placements.filter(goesAlong);
  const more = along.length === 0 ? '' : `, one of ${along.join(' and ')}`;
  return {
    title: `Trials: ${share} of ${own.join(' and ')}${more}`,
    total: share * own.length + along.length,
  };
}

/** Everything that the trials of a run need. */
interface Race {
  readonly rig: ReadyRig;
  readonly place: Place;
  readonly request: RunRequest;
  readonly conductor: Conductor;
  readonly resumed: Resumed | null;
  readonly tally: Tally;
  readonly say: Say;
}

async function race({
  rig,
  place,
  request,
  conductor,
  resumed,
  tally,
  say,
}: Race): Promise<Outcome> {
  const { directory } = place;
  const { scenario, trials, seed, shard, durationMs, deterministic } = request;
  const { placements } = rig.request;
  const note = (end?: CampaignEnd, repeats?: readonly Repeat[] | null): RunNote =>
    noteOf(rig, place, {
      trials,
      seed,
      known: request.known,
      shard,
      more: {
        ...remadeOf(rig, resumed),
        ...(durationMs === null ? {} : { durationMs }),
        ...(request.profile === undefined ? {} : { profile: request.profile }),
        ...(request.config === undefined ? {} : { config: request.config }),
        ...dumpNote(request, rig.kernel),
        ...(end ? { end, ledger: directory.ledgerEnd } : {}),
        ...(repeats ? { repeats: [...repeats] } : {}),
      },
    });
  if (resumed) sameRun(resumed.note, note());
  // Written before the first trial too: what an interrupt leaves can still be judged.
  await directory.writeNote(note());
  const before = resumed ? await goOn(resumed) : [];
  const done = new Set(before.map(trialName));
  const { methodHome } = rig.kernel.identity;
  const nonce = deterministic ? seededNonce : newNonce;
  const plans = planTrials(
    { scenario, methodHome, durationMs, nonce },
    { placements, trials: trials * scenario.attempts, seed },
  );
  const answered = stopRule(request.stopOn, scenario.targetCause);
  const wanted = neededTrials(questionOf(note()), scenario, {
    shard,
    attribution: note().attribution === true,
    answered: request.controlFirst ? answered : null,
  });
  const enough = onceRule(enoughRule(shareOf(trials, shard)), wanted.shown);
  const campaign = await runTrials(
    rig,
    {
      trials: plans.filter((plan) => isMine(plan, shard) && !done.has(trialName(plan))),
      jobs: request.jobs,
      stop: anyRule(
        request.controlFirst ? onceRule(answered, wanted.shown) : answered,
        ...(scenario.attempts > 1 ? [enough] : []),
      ),
      needed: wanted.needed,
      ...(scenario.attempts > 1 ? {} : { total: tally.total - before.length }),
      directory,
      note: note(),
      before,
      dump: request.dump === true,
      done: (result) => {
        tally.add(result);
        conductor.done?.(result);
      },
    },
    say,
  );
  const repeats = deterministic
    ? await repeatFirst(rig, directory, { plans, campaign }, say)
    : null;
  const last = note(campaign.end, repeats);
  await directory.writeNote(last);
  return { note: last, campaign, repeats };
}

/** Saved guests that were made again, before the run was resumed too. */
function remadeOf(rig: ReadyRig, resumed: Resumed | null): Pick<RunNote, 'remade'> {
  const remade = { ...resumed?.note.remade, ...rig.refusals };
  return Object.keys(remade).length > 0 ? { remade } : {};
}

function resultOf(
  directory: RunDirectory,
  { note, campaign: { results }, repeats }: Outcome,
): RunResult {
  const result = summarise({
    question: questionOf(note),
    kernel: note.kernel,
    trials: results,
    codes: note.codes,
    problems: [],
    known: note.known,
    notes: notesOf(note, directory.byLine, results.length),
  });
  return { ...result, ...(repeats ? { repeats } : {}) };
}
