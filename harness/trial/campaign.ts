// SPDX-License-Identifier: GPL-2.0-only
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { judgeTrial } from '../judge/trial.js';
import type { Placement } from '../model/placement.js';
import type { Scenario } from '../model/scenario.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import type { MachineSpec, Machines } from '../ports.js';
import type { RunDirectory } from './run-directory.js';
import { type InGuestOptions, runTrial } from './trial.js';

/** What a campaign is to do. */
export interface CampaignPlan {
  readonly scenario: Scenario;
  readonly placements: readonly Placement[];
  /** For each placement. */
  readonly trials: number;
  readonly seed: number;
  /** VMs side by side. */
  readonly jobs: number;
}

/** Plans all trials, placements in turn, so that a stopped campaign has some of each. */
export function planTrials(plan: CampaignPlan, nonce: () => string = newNonce): TrialPlan[] {
  return Array.from({ length: plan.trials }, (_, index) =>
    plan.placements.map((placement) => ({
      placement,
      index,
      seed: plan.seed + index,
      nonce: nonce(),
      scenario: plan.scenario.name,
      yieldAfter: 0,
    })),
  ).flat();
}

/** 128 random bits: a guest cannot have seen it before the trial. */
const newNonce = (): string => randomBytes(16).toString('hex');

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
 * Runs all trials, each in a VM of its own; every trial's files are on disk before it is judged.
 * An interrupt or a failure of the environment stops all VMs before this returns.
 */
export async function runCampaign(
  plan: CampaignPlan,
  tools: CampaignTools,
): Promise<TrialResult[]> {
  const limit = pLimit(plan.jobs);
  const stop = new AbortController();
  const signal = AbortSignal.any([tools.signal, stop.signal]);
  const results: TrialResult[] = [];
  const one = async (trial: TrialPlan): Promise<void> => {
    if (signal.aborted) return;
    const { files, argv } = await runTrial(
      tools.machines,
      tools.spec(trial.placement),
      trial,
      plan.scenario,
      signal,
      tools.options(trial),
    );
    await tools.directory.writeTrial(files, tools.pasteable(argv));
    const result = judgeTrial(files);
    await tools.directory.writeResult(result);
    results.push(result);
    tools.done(result);
  };
  const settled = await Promise.allSettled(
    planTrials(plan).map((trial) =>
      limit(() =>
        one(trial).catch((error: unknown) => {
          stop.abort();
          throw error;
        }),
      ),
    ),
  );
  tools.signal.throwIfAborted();
  const failed = settled.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return results;
}
