// SPDX-License-Identifier: GPL-2.0-only
import { Command, Option } from 'commander';
import { judgeSweep } from '../judge/sweep.js';
import { DmraceError } from '../model/errors.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import type { Report } from '../ports.js';
import { renderSweepJson, renderSweepText, type SweepView } from '../report/sweep.js';
import { release } from '../scenarios/release.js';
import { newNonce, seededNonce } from '../campaign/campaign.js';
import type { RunDirectory } from '../runs/run-directory.js';
import { type RunOptions, runOptions } from './options.js';
import { paintFor } from './paint.js';
import { runStages } from './progress.js';
import type { Rig } from '../rig/rig.js';
import { noteOf, setUp } from '../campaign/set-up.js';
import { runTrials } from '../campaign/trials.js';

/** No remover blocks so often: the holder runs after the unload. */
const AFTER = 1_000_000;
/** More blocks than this are a mistake of ours, not a kernel's way of unloading a module. */
const MOST_POINTS = 200;

/** `dmrace sweep`. */
export function sweepCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  const option = (flags: string, text: string, name: string): Option =>
    new Option(flags, text).env(`DMRACE_${name}`);
  return new Command('sweep')
    .description('let the holder run at every block of the remover in turn: where does it crash?')
    .addOption(option('--kernel <spec>', 'as for dmrace run (default: debian)', 'KERNEL'))
    .addOption(option('--arch <name>', 'guest architecture', 'ARCH'))
    .addOption(option('--placement <where>', `${PLACEMENTS.join(', ')} or both`, 'PLACEMENT'))
    .addOption(option('--seed <n>', 'seed of every trial (default: 1)', 'SEED'))
    .addOption(option('--jobs <n>', 'VMs side by side, or auto (default: auto)', 'JOBS'))
    .addOption(option('--accel <how>', 'auto, kvm or tcg (default: auto)', 'ACCEL'))
    .addOption(option('--out <dir>', 'folder for the artefacts (default: dmrace-runs/TIME)', 'OUT'))
    .addOption(option('--format <how>', 'pretty or json (default: pretty)', 'FORMAT'))
    .addOption(new Option('--deterministic', 'same seed, same bits (needs TCG)'))
    .addOption(new Option('--quiet', 'no progress on stderr'))
    .addHelpText(
      'after',
      `
Exit codes: 0 the builtin placement survived at every point and the control crashed; 1 the builtin
placement crashed, or a crash of another cause; 125 a point was missed or lost, or the control never
crashed; 128, 129 and 130 as for dmrace run.

Examples:
  dmrace sweep
  dmrace sweep --format json | jq '.points[] | select(.outcome == "crashed")'`,
    )
    .action(async (_: unknown, command: Command) => {
      exit(await sweep(await runOptions(command), signal));
    });
}

function refuse(options: RunOptions): void {
  if (options.format === 'pretty' || options.format === 'json') return;
  throw noSuchForm(options.format);
}

/** A format of runs that sweeps do not have. */
export const noSuchForm = (format: string): DmraceError =>
  new DmraceError('usage', {
    observed: `--format ${format}: a sweep has no such form`,
    action: 'use pretty or json',
  });

async function sweep(options: RunOptions, signal: AbortSignal): Promise<number> {
  refuse(options);
  const placements: readonly Placement[] =
    options.placement === undefined || options.placement === 'both'
      ? PLACEMENTS
      : [options.placement];
  const set = await setUp(options, release, placements, signal);
  const { rig, directory } = set;
  let trials: readonly TrialResult[] = [];
  const work = async (report: Report): Promise<void> => {
    await directory.writeNote(
      noteOf(set, { trials: 1, seed: options.seed, more: { sweep: true } }),
    );
    trials = await sweepTrials(rig, options, placements, directory, report);
  };
  await runStages(
    signal,
    [
      ...rig.stages(),
      {
        title: 'Sweep: a trial for each block of the remover',
        work: (r) => rig.timed('trials', () => work(r)),
      },
    ],
    options.quiet,
  ).catch(async (error: unknown) => {
    await directory.removeIfEmpty();
    throw error;
  });
  const result = judgeSweep(release.targetCause, placements, trials);
  await directory.writeVerdict({ schema: 1, timing: rig.timing, ...result });
  printSweep({ result, kernel: rig.kernel.identity, directory: directory.root }, options.format);
  return result.exitCode;
}

/** Prints a judged sweep to stdout. */
export function printSweep(view: SweepView, format: string): void {
  process.stdout.write(
    format === 'json' ? renderSweepJson(view) : renderSweepText(view, paintFor(process.stdout)),
  );
}

/** Trial 0 after the unload, which tells how many blocks there are; then one for each, and one more. */
async function sweepTrials(
  rig: Rig,
  options: RunOptions,
  placements: readonly Placement[],
  directory: RunDirectory,
  report: Report,
): Promise<TrialResult[]> {
  const results: TrialResult[] = [];
  const run = async (points: readonly (readonly [Placement, number])[]): Promise<void> => {
    const trials = points.map(([placement, index]): TrialPlan => {
      const plan = {
        placement,
        index,
        seed: options.seed,
        scenario: release.name,
        yieldAfter: index === 0 ? AFTER : index,
        methodHome: rig.kernel.identity.methodHome,
      };
      return { ...plan, nonce: options.deterministic ? seededNonce(plan) : newNonce() };
    });
    const request = { scenario: release, trials, jobs: options.jobs, stop: () => null, directory };
    results.push(...(await runTrials(rig, request, report)).results);
    rig.signal.throwIfAborted();
  };
  await run(placements.map((placement) => [placement, 0]));
  const next = new Map(placements.map((placement) => [placement, 1]));
  for (;;) {
    // Until a trial was told of a block that did not come before the unload was done.
    const wanted = placements.flatMap((placement): [Placement, number][] => {
      const mine = results.filter((trial) => trial.placement === placement);
      const from = next.get(placement) ?? 1;
      const last = mine.find((trial) => trial.index === from - 1);
      if (from > 1 && last?.sweep?.ranAt === 'after') return [];
      const blocks = mine.find((trial) => trial.index === 0)?.sweep?.blocks.length ?? 0;
      const to = Math.min(Math.max(blocks + 1, from), MOST_POINTS);
      next.set(placement, to + 1);
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => [placement, from + i]);
    });
    if (wanted.length === 0) return results;
    await run(wanted);
  }
}
