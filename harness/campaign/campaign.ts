// SPDX-License-Identifier: MIT
import { judgeTrial } from '../judge/trial.js';
import { DmraceError } from '../model/errors.js';
import type { Placement } from '../model/placement.js';
import { roleOf } from '../model/role.js';
import type { StopRule } from '../model/stop-rule.js';
import type { TrialTie } from '../model/tie.js';
import type { TrialFiles, TrialPlan, TrialResult } from '../model/trial.js';
import { leftBehind, StateRefused } from '../rig/ready-state.js';
import { Retention } from '../runs/ledger.js';
import type { RunDirectory } from '../runs/run-directory.js';
import type { CampaignEnd } from '../runs/run-note.js';
import {
  deadlines,
  runTrial,
  type StartOptions,
  type TrialHost,
  type TrialRun,
} from '../trial/trial.js';

/** What a campaign is to do. */
export interface CampaignPlan {
  /** In the order in which they are started; see planTrials(). */
  readonly trials: readonly TrialPlan[];
  /** VMs side by side. */
  readonly jobs: number;
  readonly stop: StopRule;
  /** Whether a trial is still wanted when its turn comes, after those that have ended. */
  readonly needed?: (trial: TrialPlan, results: readonly TrialResult[]) => boolean;
  /** Of a campaign that goes on: what it has already. */
  readonly before?: readonly TrialResult[];
}

/** What came of a campaign: all `results`, in the order in which the trials ended. */
export interface CampaignOutcome {
  readonly results: readonly TrialResult[];
  readonly end: CampaignEnd;
}

/** How many VMs in a row may fail to start before it is no longer the loss of single ones. */
const START_FAILURES = 3;

/**
 * Tells the loss of a VM from an environment in which none can be started: the first is a lost
 * trial, the second ends the campaign.
 */
class Starts {
  #failures = 0;
  #any = false;
  #last: unknown = null;

  worked(run: TrialRun): TrialRun {
    this.#failures = 0;
    this.#any = true;
    return run;
  }

  /** @throws the last failure when no VM at all could be started: nothing is known of the kernel. */
  requireAny(): void {
    if (!this.#any && this.#last !== null) throw this.#last;
  }

  /** @throws what was given, when it is no loss of one VM. */
  failed(error: unknown, plan: TrialPlan, signal: AbortSignal): TrialRun {
    const isLoss = error instanceof DmraceError && error.code === 'environment';
    this.#last = error;
    if (signal.aborted || !isLoss || ++this.#failures >= START_FAILURES) throw error;
    const note = {
      plan,
      end: { how: 'not-started', why: error.facts.observed },
      durationMs: 0,
      start: 'restored',
      tie: null,
    } as const;
    const files = { note, console: new Uint8Array(), readyRecords: '', records: '', trace: '' };
    return { files, argv: [] };
  }
}

/** What the campaign needs from outside. */
export interface CampaignTools {
  readonly host: (placement: Placement, signal: AbortSignal) => TrialHost;
  readonly pasteable: (argv: readonly string[]) => string;
  /** What ties the trials of a placement to this run. */
  readonly tie: (placement: Placement) => TrialTie | null;
  readonly directory: RunDirectory;
  readonly options: (plan: TrialPlan) => StartOptions;
  /** Makes a refused state again; false when that was done before, and did not help. */
  readonly remake?: (placement: Placement, refused: StateRefused) => Promise<boolean>;
  /**
   * Makes damaged parts of the guests again; false when none is damaged. Asked before an end that a
   * damaged guest may explain is taken for the kernel’s.
   */
  readonly mend?: () => Promise<boolean>;
  /** Called when a trial's files and its dump are in its folder. */
  readonly dumped?: (files: TrialFiles, result: TrialResult) => Promise<void>;
  readonly done: (result: TrialResult) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs trials, each in a VM of its own; every trial's files are on disk before it is judged. After
 * an interrupt the trials that were running count for nothing: they did not take place.
 * @throws DmraceError (environment) when trials cannot be run or kept; all VMs are gone then too.
 */
export async function runCampaign(
  plan: CampaignPlan,
  tools: CampaignTools,
): Promise<CampaignOutcome> {
  const failed = new AbortController();
  const signal = AbortSignal.any([tools.signal, failed.signal]);
  const results: TrialResult[] = [...(plan.before ?? [])];
  const retention = new Retention();
  for (const result of results) retention.keeps(result);
  const starts = new Starts();
  const waiting = plan.trials.values();
  let stopped: string | null = plan.stop(results);

  let mended = false;
  /** Placements whose guests are known to do what is expected of them. */
  const proven = new Set<Placement>();
  const one = async (trial: TrialPlan): Promise<void> => {
    const before = mended;
    const run = (): Promise<TrialRun> => {
      const host = tools.host(trial.placement, signal);
      return runTrial(host, trial, { ...tools.options(trial), ...deadlines(trial, host.spec) });
    };
    const attempt = async (): Promise<TrialRun> => {
      const { files, argv } = await run()
        .catch(async (error: unknown) => {
          // Nothing has run yet: the trial takes place from another state.
          const again =
            error instanceof StateRefused &&
            (await tools.remake?.(trial.placement, error)) === true;
          if (!again) throw error;
          return run();
        })
        // A second time it is a lost trial like any other, with what it left.
        .catch(leftBehind)
        .then(
          (done) => starts.worked(done),
          (error: unknown) => starts.failed(error, trial, signal),
        );
      return {
        files: { ...files, note: { ...files.note, tie: tools.tie(trial.placement) } },
        argv,
      };
    };
    let { files, argv } = await attempt();
    if (files.note.end.how === 'interrupted') return;
    let early: TrialResult | null = null;
    if (!proven.has(trial.placement) && !before && tools.mend) {
      early = judgeTrial(files);
      if (isExpected(trial, early)) proven.add(trial.placement);
      else if (await tools.mend()) {
        mended = true;
        early = null;
        ({ files, argv } = await attempt());
      }
    }
    if (files.note.end.how === 'interrupted') return;
    await tools.directory.writeTrial(files, tools.pasteable(argv));
    const judged = early ?? judgeTrial(files);
    await tools.directory.writeResult(judged);
    await tools.dumped?.(files, judged);
    await tools.directory.writeEntry({
      plan: trial,
      kept: retention.keeps(judged),
      result: judged,
    });
    // A copy: strings cut out of a trace keep the whole trace in memory.
    const result = structuredClone(judged);
    results.push(result);
    tools.done(result);
    stopped ??= plan.stop(results);
  };
  // Each job takes the next trial that waits: there is one iterator for all.
  const job = async (): Promise<void> => {
    for (const trial of waiting) {
      if (signal.aborted || stopped !== null) return;
      if (plan.needed?.(trial, results) === false) continue;
      await one(trial);
    }
  };
  const settled = await Promise.allSettled(
    Array.from({ length: plan.jobs }, () =>
      job().catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    ),
  );
  if (tools.signal.aborted) return { results, end: { how: 'interrupted' } };
  const failure = settled.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
  starts.requireAny();
  return {
    results,
    end: stopped === null ? { how: 'complete' } : { how: 'stopped', why: stopped },
  };
}

/** Whether a trial ended as a whole guest may: a subject that survives, a control that crashes. */
const isExpected = ({ placement }: TrialPlan, { outcome }: TrialResult): boolean =>
  outcome === (roleOf(placement) === 'control' ? 'crashed' : 'survived');
