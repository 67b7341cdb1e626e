// SPDX-License-Identifier: MIT
import path from 'node:path';
import { SOAK_MS } from '../campaign/plan.js';
import type { RaceRequest, RunRequest } from '../campaign/request.js';
import type { Resumed } from '../campaign/resume.js';
import { DmraceError } from '../model/errors.js';
import { builtAll } from '../model/kernel-identity.js';
import { buildOptions } from '../model/kernel-profile.js';
import {
  ASKED_PLACEMENTS,
  COMPARED_PLACEMENTS,
  orderedPlacements,
  type Placement,
} from '../model/placement.js';
import { SUBJECT } from '../model/role.js';
import type { Scenario } from '../model/scenario.js';
import { guestArch } from '../rig/guest-arch.js';
import { shardOf } from '../runs/shard.js';
import { scenarioNamed } from '../scenarios/index.js';
import { readKnownFile } from './known-file.js';
import {
  flagName,
  type GivenOptions,
  type RunOptions,
  refuseKvm,
  refuseSeveral,
} from './options.js';

/**
 * What the options ask of any command that runs trials.
 * @throws DmraceError (usage) for options that do not go together, before anything is fetched.
 */
export function raceRequest(
  options: RunOptions,
  scenario: Scenario,
  placements: readonly Placement[],
): RaceRequest {
  const { kernel, accel, deterministic, cpus, seed, jobs, out, patience } = options;
  const { profile, config, patch, allModules } = options;
  const build = buildOptions(kernel, profile, config, { patches: patch, allModules });
  refuseKvm(options);
  refuseSeveral(options);
  return {
    kernel,
    build,
    arch: guestArch(options.arch),
    scenario,
    placements,
    accel,
    deterministic,
    ...(cpus === undefined ? {} : { cpus }),
    seed,
    jobs,
    patience,
    ...(options.dump ? { dump: true } : {}),
    out: out ?? null,
  };
}

/** Placements of `--placement`, or those that are usual. */
export function placementsOf(
  { placement }: Pick<RunOptions, 'placement'>,
  usual: readonly Placement[],
): readonly Placement[] {
  if (placement === undefined) return usual;
  if (placement === 'all') return ASKED_PLACEMENTS;
  return placement === 'both' ? COMPARED_PLACEMENTS : [placement];
}

/** Whether a run asks by what a race is closed, should the subject's method jump. */
const attributes = ({ control, recipe }: Scenario, { placement }: RunOptions): boolean =>
  control.kind === 'rebuilt' &&
  recipe === 'release-return' &&
  (placement === undefined || placement === 'both');

/** With the subject goes the planted control of its scenario: without it no silence means anything. */
function withPlanted({ control }: Scenario, asked: readonly Placement[]): readonly Placement[] {
  if (control.kind !== 'planted' || !asked.includes(SUBJECT)) return asked;
  return orderedPlacements([...asked, control.placement, control.twin]);
}

/**
 * What the options of `dmrace run` ask.
 * @param resumed a run that goes on: its own options have been put in before
 * @throws DmraceError (usage)
 */
export async function runRequest(
  options: RunOptions,
  resumed: Resumed | null,
): Promise<RunRequest> {
  const scenario = scenarioNamed(options.scenario);
  const known =
    options.known === undefined
      ? (resumed?.note.known ?? null)
      : await readKnownFile(options.known);
  return {
    ...raceRequest(
      options,
      scenario,
      withPlanted(scenario, placementsOf(options, scenario.placements)),
    ),
    attribution: attributes(scenario, options),
    trials: options.trials ?? scenario.trials,
    durationMs: durationOf(options, scenario),
    stopOn: options.stopOn ?? scenario.stopOn,
    shard: resumed ? (resumed.note.shard ?? null) : shardOf(options.shard, process.env),
    known,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.config === undefined ? {} : { config: path.resolve(options.config) }),
  };
}

/** How long a trial lasts; null where the scenario decides by itself when it is done. */
function durationOf({ duration }: RunOptions, { recipe, name }: Scenario): number | null {
  if (recipe === 'soak') return duration ?? SOAK_MS;
  if (duration === undefined) return null;
  throw new DmraceError('usage', {
    observed: `--duration with --scenario ${name}, whose trials end by themselves`,
    action: 'leave it out, or take --scenario churn',
  });
}

/** Options that decide what a run's trials are. */
const DECIDING = [
  'kernel',
  'arch',
  'profile',
  'config',
  'allModules',
  'accel',
  'deterministic',
  'scenario',
  'trials',
  'seed',
  'placement',
  'duration',
  'cpus',
] as const;

/**
 * The options of a run that is resumed: its own; of what was given now, only how to run and print
 * counts.
 * @throws DmraceError (usage) for one given now that asks for something else
 */
export function resumedOptions(asked: GivenOptions, { note }: Resumed): RunOptions {
  for (const name of ['out', 'shard'] as const) {
    if (!asked.given.has(name)) continue;
    throw new DmraceError('usage', {
      observed: `--${name} ${asked.options[name]} cannot be given with --resume: the run has its own`,
      action: `leave --${name} out`,
    });
  }
  const own = ownOptions(note);
  refuseOtherPatches(asked, own.patch);
  for (const name of DECIDING) {
    const { options, given } = asked;
    const wanted =
      name === 'config' && options.config !== undefined
        ? path.resolve(options.config)
        : options[name];
    // `auto` asks for nothing.
    if (!given.has(name) || wanted === own[name] || wanted === 'auto') continue;
    const flag = flagName(name);
    throw new DmraceError('usage', {
      observed: `--${flag} ${wanted} with --resume: the run has ${flag} ${own[name] ?? '(none)'}`,
      action: `leave --${flag} out, or begin a new run`,
    });
  }
  return { ...asked.options, ...own };
}

/** @throws DmraceError (usage) for another series than the run's; its content is compared later. */
function refuseOtherPatches({ options, given }: GivenOptions, own: string[] = []): void {
  const now = (options.patch ?? []).map((file) => path.resolve(file));
  if (!given.has('patch') || now.join('\n') === own.join('\n')) return;
  throw new DmraceError('usage', {
    observed: `--patch ${now.join(', ')} with --resume: the run has ${own.join(', ') || 'no patch'}`,
    action: 'leave --patch out, or begin a new run',
  });
}

/** The options of a run that decide what its trials are. */
function ownOptions(note: Resumed['note']): Partial<RunOptions> {
  // One trial as compiled goes along by itself; more were asked for.
  const askable = note.attribution ? COMPARED_PLACEMENTS : ASKED_PLACEMENTS;
  const asked = note.placements.flatMap(
    (placement) => askable.find((one) => one === placement) ?? [],
  );
  return {
    kernel: note.kernel.spec,
    arch: note.kernel.arch,
    ...(note.profile === undefined ? {} : { profile: note.profile }),
    ...(note.config === undefined ? {} : { config: note.config }),
    ...(note.patch === undefined ? {} : { patch: note.patch }),
    allModules: builtAll(note.kernel.build),
    accel: note.accel,
    deterministic: note.deterministic === true,
    cpus: note.cpus ?? 1,
    scenario: note.scenario,
    trials: note.trials,
    seed: note.seed,
    placement: asked.length === 1 ? asked[0] : asked.length === 2 ? 'both' : 'all',
    ...(note.durationMs === undefined ? {} : { duration: note.durationMs }),
    // A run goes on with dumps that it began with; one that began without may be given them.
    ...(note.dump ? { dump: true } : {}),
  };
}
