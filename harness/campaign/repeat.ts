// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import { differencesOf, sideOf } from '../judge/replay.js';
import { judgeTrial } from '../judge/trial.js';
import type { Repeat } from '../model/replay.js';
import type { Scenario } from '../model/scenario.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import type { Report } from '../ports.js';
import { pasteable } from '../qemu/command-line.js';
import { qemuMachines } from '../qemu/machine.js';
import { type CampaignOutcome, seededNonce } from './campaign.js';
import { RunDirectory } from '../runs/run-directory.js';
import { runTrial } from '../trial/trial.js';
import type { Rig } from '../rig/rig.js';

/** Where what a repeated trial left is kept when it is not what the first left. */
const FOLDER = 'repeated';

/**
 * Runs the first trial of each placement of a deterministic run once more and compares every byte:
 * that the bits repeat is shown by every such run, not taken from another machine. What a trial
 * that came out otherwise left is kept in the folder `repeated`.
 */
export async function repeatFirst(
  rig: Rig,
  scenario: Scenario,
  directory: RunDirectory,
  { results, end }: CampaignOutcome,
  durationMs: number | null,
  report: Report,
): Promise<readonly Repeat[]> {
  if (end.how === 'interrupted') return [];
  const repeats: Repeat[] = [];
  for (const placement of rig.request.placements) {
    const mine = results.filter((result) => result.placement === placement);
    const [first] = mine.toSorted((a, b) => a.index - b.index);
    if (!first) continue;
    const plan = planOf(first, scenario, rig, durationMs);
    const { files, argv } = await runTrial(
      qemuMachines,
      rig.spec(placement),
      plan,
      scenario,
      rig.signal,
      rig.start(plan),
    );
    rig.signal.throwIfAborted();
    const differences = differencesOf(sideOf(first), sideOf(judgeTrial(files)), 'bytes');
    const trial = `${placement}-${first.index}`;
    repeats.push({ trial, differences });
    report(`${trial} again: ${differences.length === 0 ? 'identical' : 'not identical'}`);
    if (differences.length === 0) continue;
    const kept = await RunDirectory.create(path.join(directory.root, FOLDER, trial));
    await kept.writeTrial(files, pasteable(argv));
  }
  return repeats;
}

function planOf(
  first: TrialResult,
  scenario: Scenario,
  rig: Rig,
  durationMs: number | null,
): TrialPlan {
  const { placement, index, seed } = first;
  const trial = { placement, index, seed, scenario: scenario.name, yieldAfter: 0 };
  const { methodHome } = rig.kernel.identity;
  return {
    ...trial,
    nonce: seededNonce(trial),
    methodHome,
    ...(durationMs === null ? {} : { durationMs }),
  };
}
