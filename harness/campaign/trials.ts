// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { StopRule } from '../model/stop-rule.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import { GUEST_MEMORY_MIB, pasteable } from '../qemu/command-line.js';
import type { ReadyRig } from '../rig/rig.js';
import type { RunDirectory } from '../runs/run-directory.js';
import type { RunNote } from '../runs/run-note.js';
import { tieOf } from '../runs/ties.js';
import type { Say } from '../util/work.js';
import { type CampaignOutcome, type CampaignPlan, runCampaign } from './campaign.js';
import { Dumps } from './dumps.js';

const MIB = 1024 * 1024;
/** What one QEMU takes on the host, its guest's memory included. */
const MACHINE_BYTES = (GUEST_MEMORY_MIB + 128) * MIB;

/** A command's trials. */
export interface TrialsRequest {
  readonly trials: readonly TrialPlan[];
  /** VMs side by side; `auto`: as many as cores. */
  readonly jobs: number | 'auto';
  readonly stop: StopRule;
  /** See {@link CampaignPlan.needed}. */
  readonly needed?: CampaignPlan['needed'];
  /** How many are expected to run, where not all of them are needed. */
  readonly total?: number;
  readonly directory: RunDirectory;
  /** The run's own note, which its trials are tied to. */
  readonly note: RunNote;
  /** Results of the same campaign from before, which is resumed. */
  readonly before?: readonly TrialResult[];
  /** Dump trials that crash. */
  readonly dump?: boolean;
  /** Called with every judged trial, as it ends. */
  readonly done?: (result: TrialResult) => void;
}

/** What is there for VMs. */
export interface HostRoom {
  /** A container’s limit counts as memory. */
  readonly freeBytes: number;
  readonly cores: number;
}

/**
 * How many VMs at once: as many as asked for, or as cores; never more than trials, and fewer when
 * memory would not do, which one line then says.
 */
export function jobsFor(
  wanted: number | 'auto',
  trials: number,
  { freeBytes, cores }: HostRoom,
  say: Say,
): number {
  const byMemory = Math.max(1, Math.floor((freeBytes * 0.8) / MACHINE_BYTES));
  const asked = Math.max(1, Math.min(wanted === 'auto' ? cores : wanted, trials));
  if (asked <= byMemory) return asked;
  say(
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

/** Runs a command's trials. */
export async function runTrials(
  rig: ReadyRig,
  request: TrialsRequest,
  say: Say,
): Promise<CampaignOutcome> {
  const { directory, trials } = request;
  const total = Math.min(request.total ?? trials.length, trials.length);
  const room = { freeBytes: process.availableMemory(), cores: availableParallelism() };
  let done = 0;
  for (const placement of rig.request.placements) {
    await directory.writeReady(placement, await rig.bootOf(placement));
  }
  const before = request.before ?? [];
  const dumps = request.dump ? await Dumps.open(rig, directory, before, say) : null;
  const outcome = await runCampaign(
    {
      trials,
      jobs: jobsFor(request.jobs, total, room, say),
      stop: request.stop,
      ...(request.needed === undefined ? {} : { needed: request.needed }),
      before,
    },
    {
      host: (placement, signal) => rig.host(placement, signal),
      pasteable,
      tie: (placement) => tieOf(request.note, placement),
      directory,
      options: (plan) => dumps?.options(plan) ?? rig.start(plan),
      ...(dumps ? { dumped: (files, result) => dumps.kept(files, result) } : {}),
      remake: (placement, refused) => rig.remake(placement, refused, say),
      mend: () => rig.mend(say),
      done: (result) => {
        done++;
        request.done?.(result);
        say(trialLine(result, done, total));
      },
      signal: rig.work.signal,
    },
  ).finally(() => dumps?.close());
  if (outcome.end.how === 'stopped') {
    say(`stopped after ${done} of ${total} trials: ${outcome.end.why}`);
  }
  return outcome;
}
