// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import { judgeTrial } from '../judge/trial.js';
import { DmraceError } from '../model/errors.js';
import type { TrialResult } from '../model/trial.js';
import { combine } from '../runs/ledger.js';
import { RunDirectory, type RunNote } from '../runs/run-directory.js';
import type { GivenOptions, RunOptions } from '../cli/options.js';

/** A run that is to go on. */
export interface Resumed {
  readonly directory: RunDirectory;
  readonly note: RunNote;
  /** The run's own options: of what was given now, only how to run and print counts. */
  readonly options: RunOptions;
}

/**
 * Opens a run directory to go on with it, by its own options.
 * @throws DmraceError (usage) when it is no run's, or was made by a version that kept no seed.
 */
export async function openResumed(folder: string, asked: GivenOptions): Promise<Resumed> {
  const directory = await RunDirectory.open(path.resolve(folder));
  const note = await directory.readNote();
  if (note.seed === undefined) {
    throw new DmraceError('usage', {
      observed: `${folder} cannot be resumed: dmrace ${note.dmrace} kept no seed in run.json`,
      artefact: folder,
      action: 'run it anew',
    });
  }
  if (note.replayOf !== undefined) {
    throw new DmraceError('usage', {
      observed: `${folder} cannot be resumed: it is a replay of trials of ${note.replayOf}`,
      artefact: folder,
      action: `replay them again: dmrace replay ${note.replayOf}`,
    });
  }
  for (const name of ['out', 'shard'] as const) {
    if (!asked.given.has(name)) continue;
    throw new DmraceError('usage', {
      observed: `--${name} ${asked.options[name]} cannot be given with --resume: the run has its own`,
      action: `leave --${name} out`,
    });
  }
  const own = ownOptions(note, note.seed);
  refuseOthers(asked, own);
  return { directory, note, options: { ...asked.options, ...own } };
}

/** The options of a run that decide what its trials are. */
function ownOptions(note: RunNote, seed: number): Partial<RunOptions> & { readonly seed: number } {
  const [only, second] = note.placements;
  return {
    kernel: note.kernel.spec,
    arch: note.kernel.arch,
    ...(note.profile === undefined ? {} : { profile: note.profile }),
    ...(note.config === undefined ? {} : { config: note.config }),
    accel: note.accel,
    deterministic: note.deterministic === true,
    scenario: note.scenario,
    trials: note.trials,
    seed,
    placement: second === undefined ? only : 'both',
    ...(note.durationMs === undefined ? {} : { duration: note.durationMs }),
  };
}

/** Options that decide what a run's trials are. */
const DECIDING = [
  'kernel',
  'arch',
  'profile',
  'config',
  'accel',
  'deterministic',
  'scenario',
  'trials',
  'seed',
  'placement',
  'duration',
] as const;

/** An option that asks for something else than the run that is resumed; `auto` asks for nothing. */
function refuseOthers({ options, given }: GivenOptions, own: Partial<RunOptions>): void {
  for (const name of DECIDING) {
    const wanted =
      name === 'config' && options.config !== undefined
        ? path.resolve(options.config)
        : options[name];
    if (!given.has(name) || wanted === own[name] || wanted === 'auto') continue;
    throw new DmraceError('usage', {
      observed: `--${name} ${wanted} with --resume: the run has ${name} ${own[name] ?? '(none)'}`,
      action: `leave --${name} out, or begin a new run`,
    });
  }
}

/**
 * What is resumed must be what was begun.
 * @throws DmraceError (usage) that names the first difference.
 */
export function sameRun(begun: RunNote, now: RunNote): void {
  const facts = (note: RunNote): Record<string, string> => ({
    'version of dmrace': note.dmrace,
    'kernel release': note.kernel.release,
    'kernel version': note.kernel.version ?? '',
    'kernel configuration': note.kernel.configSha256,
    preemption: note.kernel.preempt,
    accelerator: note.accel,
    scenario: note.scenario,
    trials: String(note.trials),
    placements: note.placements.join(),
    seed: String(note.seed),
    duration: String(note.durationMs),
    determinism: String(note.deterministic === true),
    shard: note.shard ? `${note.shard.number}/${note.shard.of}` : 'none',
  });
  const old = facts(begun);
  for (const [name, value] of Object.entries(facts(now))) {
    if (old[name] === value) continue;
    throw new DmraceError('usage', {
      observed: `the run cannot be resumed or merged: ${name} was ${old[name]}, now it is ${value}`,
      action: 'begin a new run',
    });
  }
}

/**
 * Makes a run directory ready to go on: a torn line and folders that no line tells of are what a
 * kill left of trials under way; they are dropped and those trials run again.
 */
export async function goOn(directory: RunDirectory): Promise<readonly TrialResult[]> {
  const ledger = await directory.readLedger();
  if (ledger.problems.length > 0) {
    throw new DmraceError('inconclusive', {
      observed: ledger.problems.join('; '),
      artefact: directory.root,
      action: 'the run is damaged; run it again',
    });
  }
  if (ledger.torn) await directory.writeLedger(ledger.entries);
  const known = new Set(ledger.entries.map(({ plan }) => `${plan.placement}-${plan.index}`));
  for (const name of await directory.trialNames()) {
    if (!known.has(name)) await directory.dropTrial(name);
  }
  const { trials: finished } = await directory.readTrials();
  return combine(finished.map(judgeTrial), await directory.trialNames(), ledger).results;
}
