// SPDX-License-Identifier: GPL-2.0-only
import { availableParallelism } from 'node:os';
import type { Scenario } from '../model/scenario.js';
import type { StopRule } from '../model/stop-rule.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import type { Report } from '../ports.js';
import { GUEST_MEMORY_MIB, pasteable } from '../qemu/command-line.js';
import { qemuMachines } from '../qemu/machine.js';
import { type CampaignOutcome, runCampaign } from './campaign.js';
import type { RunDirectory } from '../runs/run-directory.js';
import type { Rig } from '../rig/rig.js';

const MIB = 1024 * 1024;
/** What one QEMU takes on the host, its guest's memory included. */
const MACHINE_BYTES = (GUEST_MEMORY_MIB + 128) * MIB;

/** A command's trials. */
export interface TrialsRequest {
  readonly scenario: Scenario;
  readonly trials: readonly TrialPlan[];
  /** VMs side by side; `auto`: as many as cores. */
  readonly jobs: number | 'auto';
  readonly stop: StopRule;
  readonly directory: RunDirectory;
  /** Results of the same campaign from before, which is resumed. */
  readonly before?: readonly TrialResult[];
  /** Called with every judged trial, as it ends. */
  readonly done?: (result: TrialResult) => void;
}

/**
 * How many VMs at once: as many as asked for, or as cores; never more than trials, and fewer when
 * memory would not do, which one line then says. A container’s limit counts as memory.
 */
export function jobsFor(
  wanted: number | 'auto',
  trials: number,
  freeBytes: number,
  cores: number,
  report: Report,
): number {
  const byMemory = Math.max(1, Math.floor((freeBytes * 0.8) / MACHINE_BYTES));
  const asked = Math.max(1, Math.min(wanted === 'auto' ? cores : wanted, trials));
  if (asked <= byMemory) return asked;
  report(
    `jobs lowered from ${asked} to ${byMemory}: ${Math.floor(freeBytes / MIB)} MiB of memory are free, a VM takes ${MACHINE_BYTES / MIB}`,
  );
  return byMemory;
}

/** One line about a trial that has ended. */
export function trialLine(result: TrialResult, done: number, total: number): string {
  const cause = result.outcome === 'crashed' ? ` (${result.findings[0]?.cause})` : '';
  const seconds = (result.durationMs / 1000).toFixed(1);
  return `${done}/${total} ${result.placement} #${result.index}: ${result.outcome}${cause} in ${seconds} s`;
}

/** Runs a command's trials on a rig that is set up; the work of its last stage. */
export async function runTrials(
  rig: Rig,
  request: TrialsRequest,
  report: Report,
): Promise<CampaignOutcome> {
  const total = request.trials.length;
  let done = 0;
  for (const placement of rig.request.placements) {
    await request.directory.writeReady(placement, await rig.bootOf(placement));
  }
  const outcome = await runCampaign(
    {
      scenario: request.scenario,
      trials: request.trials,
      jobs: jobsFor(request.jobs, total, process.availableMemory(), availableParallelism(), report),
      stop: request.stop,
      before: request.before ?? [],
    },
    {
      machines: qemuMachines,
      spec: (placement) => rig.spec(placement),
      pasteable,
      directory: request.directory,
      options: (plan) => rig.start(plan),
      remake: (placement, refused) => rig.remake(placement, refused, report),
      done: (result) => {
        done++;
        request.done?.(result);
        report(trialLine(result, done, total));
      },
      signal: rig.signal,
    },
  );
  if (outcome.end.how === 'stopped') {
    report(`stopped after ${done} of ${total} trials: ${outcome.end.why}`);
  }
  return outcome;
}
