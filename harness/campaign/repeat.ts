// SPDX-License-Identifier: MIT
import path from 'node:path';
import { differencesOf, sideOf } from '../judge/replay.js';
import { judgeTrial } from '../judge/trial.js';
import type { Repeat } from '../model/replay.js';
import { type TrialPlan, trialName } from '../model/trial.js';
import { pasteable } from '../qemu/command-line.js';
import { leftBehind } from '../rig/ready-state.js';
import type { ReadyRig } from '../rig/rig.js';
import { RunDirectory } from '../runs/run-directory.js';
import { deadlines, runTrial } from '../trial/trial.js';
import type { Say } from '../util/work.js';
import type { CampaignOutcome } from './campaign.js';

/** Where what a repeated trial left is kept when it is not what the first left. */
const FOLDER = 'repeated';

/** A deterministic campaign that has ended. */
export interface Repeatable {
  /** The plans of all its trials, those from before it was resumed too. */
  readonly plans: readonly TrialPlan[];
  readonly campaign: CampaignOutcome;
}

/**
 * Runs the first trial of each placement of a deterministic run once more and compares every byte:
 * that the bits repeat is shown by every such run, not taken from another machine. What a trial
 * that came out otherwise left is kept in the folder `repeated`.
 */
export async function repeatFirst(
  rig: ReadyRig,
  directory: RunDirectory,
  { plans, campaign: { results, end } }: Repeatable,
  say: Say,
): Promise<readonly Repeat[]> {
  if (end.how === 'interrupted') return [];
  const repeats: Repeat[] = [];
  for (const placement of rig.request.placements) {
    const mine = results.filter((result) => result.placement === placement);
    const [first] = mine.toSorted((a, b) => a.index - b.index);
    const plan = first && plans.find((one) => trialName(one) === trialName(first));
    if (!first || !plan) continue;
    const host = rig.host(placement);
    const options = { ...rig.start(plan), ...deadlines(plan, host.spec) };
    const { files, argv } = await runTrial(host, plan, options).catch(leftBehind);
    rig.work.signal.throwIfAborted();
    const differences = differencesOf(sideOf(first), sideOf(judgeTrial(files)), 'bytes');
    const trial = trialName(first);
    repeats.push({ trial, differences });
    say(`${trial} again: ${differences.length === 0 ? 'identical' : 'not identical'}`);
    if (differences.length === 0) continue;
    const kept = await RunDirectory.create(path.join(directory.root, FOLDER, trial));
    await kept.writeTrial(files, pasteable(argv));
  }
  return repeats;
}
