// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Arch } from '../model/arch/index.js';
import type { KnownIssue } from '../model/known.js';
import type { PreparedKernel } from '../ports.js';
import { requireKvm } from '../qemu/kvm-access.js';
import { cpusOf, type ReadyRig } from '../rig/rig.js';
import { RunDirectory } from '../runs/run-directory.js';
import type { RunNote } from '../runs/run-note.js';
import type { Shard } from '../runs/shard.js';
import { openCache } from '../util/cache.js';
import { requireTools } from '../util/host-tools.js';
import { patience, setPatience } from '../util/patience.js';
import { version } from '../util/version.js';
import type { Work } from '../util/work.js';
import type { RaceRequest } from './request.js';
import { requireFolder } from './run-folder.js';

/**
 * What adapters need to work for guests of an architecture.
 * @throws DmraceError (environment) that names every missing tool.
 */
export async function openWork(arch: Arch, signal: AbortSignal): Promise<Work> {
  await requireTools(arch);
  return { cache: await openCache(signal), arch, say: () => undefined, signal };
}

/**
 * What a race needs before anything is fetched or built.
 * @throws DmraceError (environment) as openWork() does, and where KVM is asked for and cannot be had
 */
export async function openRace(
  { arch, accel, patience }: Pick<RaceRequest, 'arch' | 'accel' | 'patience'>,
  signal: AbortSignal,
): Promise<Work> {
  setPatience(patience);
  const work = await openWork(arch, signal);
  await requireKvm(arch, accel);
  return work;
}

/** Where a run's artefacts go, and since when. */
export interface Place {
  readonly directory: RunDirectory;
  /** The run's own name. */
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** A new folder for a run. @throws DmraceError as RunDirectory.create() does. */
export async function openPlace(
  work: Work,
  { out, kernel }: Pick<RaceRequest, 'out' | 'kernel'>,
): Promise<Place> {
  const startedAt = new Date().toISOString();
  const root = await requireFolder(work.cache, { out, kernel }, startedAt);
  const directory = await RunDirectory.create(root);
  return { directory, id: randomUUID(), startedAt };
}

/** What only the command knows of its run. */
export interface Asked {
  readonly trials: number;
  readonly seed: number;
  readonly known?: readonly KnownIssue[] | null;
  readonly shard?: Shard | null;
  readonly more?: Partial<RunNote>;
}

/** What run.json says of dumps. */
export const dumpNote = (
  { dump }: Pick<RaceRequest, 'dump'>,
  { vmlinux }: Pick<PreparedKernel, 'vmlinux'>,
): Pick<RunNote, 'dump' | 'vmlinux'> =>
  dump ? { dump: true, ...(vmlinux === undefined ? {} : { vmlinux }) } : {};

/** run.json of a rig that is ready. */
export function noteOf(rig: ReadyRig, { id, startedAt }: Place, asked: Asked): RunNote {
  const { scenario, placements, deterministic, attribution, build } = rig.request;
  return {
    schema: 2,
    id,
    dmrace: version(),
    startedAt,
    scenario: scenario.notedAs,
    trials: asked.trials,
    placements: [...placements],
    kernel: rig.kernel.identity,
    accel: rig.accel,
    known: asked.known ? [...asked.known] : null,
    deterministic,
    codes: Object.fromEntries(
      Object.entries(rig.codes).map(([placement, code]) => [
        placement,
        { ...code, instructions: [...code.instructions] },
      ]),
    ),
    seed: asked.seed,
    qemu: rig.qemu,
    guests: { ...rig.guests },
    patience: patience(),
    ...(Object.keys(rig.refusals).length > 0 ? { remade: { ...rig.refusals } } : {}),
    ...(cpusOf(rig.request) > 1 ? { cpus: cpusOf(rig.request) } : {}),
    ...(scenario.recipe === 'sweep' ? { sweep: true } : {}),
    ...(attribution && placements.includes('as-compiled') ? { attribution: true } : {}),
    ...(asked.shard ? { shard: asked.shard } : {}),
    ...(build?.patches ? { patch: build.patches.map((file) => path.resolve(file)) } : {}),
    ...asked.more,
  };
}
