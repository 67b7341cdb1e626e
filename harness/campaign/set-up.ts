// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import type { KnownIssue } from '../model/known.js';
import type { Placement } from '../model/placement.js';
import type { Scenario } from '../model/scenario.js';
import { RunDirectory, type RunNote } from '../runs/run-directory.js';
import type { Shard } from '../runs/shard.js';
import { openCache } from '../util/cache.js';
import { requireTools } from '../util/host-tools.js';
import { version } from '../util/version.js';
import { guestArch } from '../cli/guest-arch.js';
import { buildOptions, type RunOptions, refuseKvm } from '../cli/options.js';
import { defaultRunFolder } from './run-folder.js';
import { Rig } from '../rig/rig.js';

/** A rig that is not set up yet, and where its trials go. */
export interface SetUp {
  readonly rig: Rig;
  readonly directory: RunDirectory;
  readonly startedAt: string;
}

/**
 * Checks a command's options, then opens what its trials need: a rig and a run directory, which is
 * a new one unless it is given.
 * @throws DmraceError (usage) for options that do not go together, before anything is fetched;
 *   (environment) when tools are missing.
 */
export async function setUp(
  options: RunOptions,
  scenario: Scenario,
  placements: readonly Placement[],
  signal: AbortSignal,
  given?: { readonly directory: RunDirectory; readonly startedAt: string },
): Promise<SetUp> {
  const build = buildOptions(options.kernel, options.profile, options.config);
  refuseKvm(options);
  const arch = guestArch(options.arch);
  await requireTools(arch);
  const cache = await openCache(signal);
  const { kernel, accel, deterministic } = options;
  const rig = new Rig(
    cache,
    { kernel, arch, build, placements, scenario, accel, deterministic },
    signal,
  );
  const startedAt = given?.startedAt ?? new Date().toISOString();
  const directory =
    given?.directory ??
    (await RunDirectory.create(
      path.resolve(options.out ?? (await defaultRunFolder(cache, kernel, startedAt))),
    ));
  return { rig, directory, startedAt };
}

/** What only the command knows of its run. */
export interface Asked {
  readonly trials: number;
  readonly seed: number;
  readonly known?: readonly KnownIssue[] | null;
  readonly shard?: Shard | null;
  readonly more?: Partial<RunNote>;
}

/** run.json of a rig whose stages have run. */
export function noteOf({ rig, startedAt }: SetUp, asked: Asked): RunNote {
  const { scenario, placements, deterministic } = rig.request;
  return {
    schema: 1,
    dmrace: version(),
    startedAt,
    scenario: scenario.name,
    trials: asked.trials,
    placements: [...placements],
    kernel: rig.kernel.identity,
    accel: rig.accel,
    known: asked.known ? [...asked.known] : null,
    deterministic: deterministic === true,
    codes: Object.fromEntries(
      Object.entries(rig.codes).map(([placement, code]) => [
        placement,
        { ...code, instructions: [...code.instructions] },
      ]),
    ),
    seed: asked.seed,
    qemu: rig.qemu,
    guests: rig.guests,
    ...(asked.shard ? { shard: asked.shard } : {}),
    ...asked.more,
  };
}
