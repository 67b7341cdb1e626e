// SPDX-License-Identifier: GPL-2.0-only
import { randomBytes } from 'node:crypto';
import { judgeTrial } from '../judge/trial.js';
import type { Placement } from '../model/placement.js';
import type { Scenario } from '../model/scenario.js';
import type { StopRule } from '../model/stop-rule.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import type { MachineSpec, Machines } from '../ports.js';
import type { RunDirectory } from './run-directory.js';
import { type InGuestOptions, runTrial } from './trial.js';

/** What a campaign is to do. */
export interface CampaignPlan {
  readonly scenario: Scenario;
  /** In the order in which they are started; see {@link planTrials}. */
  readonly trials: readonly TrialPlan[];
  /** VMs side by side. */
  readonly jobs: number;
  readonly stop: StopRule;
}

/** How a campaign ended. */
export type CampaignEnd =
  | { readonly how: 'complete' }
  | { readonly how: 'stopped'; readonly why: string }
  | { readonly how: 'interrupted' };

/** What came of a campaign: `results` in the order in which the trials ended. */
export interface CampaignOutcome {
  readonly results: readonly TrialResult[];
  readonly end: CampaignEnd;
}

/** Plans the trials of a run, placements in turn, so that a stopped campaign has some of each. */
export function planTrials(
  scenario: Pick<Scenario, 'name'>,
  placements: readonly Placement[],
  trials: number,
  seed: number,
  nonce: () => string = newNonce,
): TrialPlan[] {
  return Array.from({ length: trials }, (_, index) =>
    placements.map((placement) => ({
      placement,
      index,
      seed: seed + index,
      nonce: nonce(),
      scenario: scenario.name,
      yieldAfter: 0,
    })),
  ).flat();
}

/** 128 random bits: a guest cannot have seen it before the trial. */
export const newNonce = (): string => randomBytes(16).toString('hex');

/** What the campaign needs from outside. */
export interface CampaignTools {
  readonly machines: Machines;
  readonly spec: (placement: Placement) => MachineSpec;
  readonly pasteable: (argv: readonly string[]) => string;
  readonly directory: RunDirectory;
  readonly options: (plan: TrialPlan) => Omit<InGuestOptions, 'deadlineMs'>;
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
  const results: TrialResult[] = [];
  const waiting = plan.trials.values();
  let stopped: string | null = null;

  const one = async (trial: TrialPlan): Promise<void> => {
    const { files, argv } = await runTrial(
      tools.machines,
      tools.spec(trial.placement),
      trial,
      plan.scenario,
      signal,
      tools.options(trial),
    );
    if (files.note.end.how === 'interrupted') return;
    await tools.directory.writeTrial(files, tools.pasteable(argv));
    const result = judgeTrial(files);
    await tools.directory.writeResult(result);
    results.push(result);
    tools.done(result);
    stopped ??= plan.stop(results);
  };
  // Each job takes the next trial that waits: there is one iterator for all.
  const job = async (): Promise<void> => {
    for (const trial of waiting) {
      if (signal.aborted || stopped !== null) return;
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
  return {
    results,
    end: stopped === null ? { how: 'complete' } : { how: 'stopped', why: stopped },
  };
}
