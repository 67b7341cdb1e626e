// SPDX-License-Identifier: MIT
import type { Exercise } from '../../model/exercise.js';
import type { AuditNote } from '../../runs/audit/note.js';
import { patience } from '../../util/patience.js';
import { version } from '../../util/version.js';
import { kernelModules, ownModule } from './modules.js';
import { namedModules, type PlannedStep, plannedOf, planVisits } from './plan.js';
import type { AuditedKernel } from './ports.js';
import { givenBuild } from './request.js';
import type { RunningAudit } from './running.js';

/** The kernel, and what is to be visited. */
export async function prepared<K extends AuditedKernel>({
  work,
  request,
  parts,
  stages,
}: Pick<RunningAudit<K>, 'work' | 'request' | 'parts' | 'stages'>): Promise<{
  readonly kernel: K;
  readonly steps: readonly PlannedStep[];
  readonly named: readonly string[];
}> {
  // What the user gave is read before anything is fetched.
  const own = await Promise.all(request.exerciseFiles.map((file) => parts.exercises.own(file)));
  const ownModules = await Promise.all(request.moduleFiles.map(ownModule));
  const shipped = await parts.exercises.shipped();
  const kernel = await parts.kernel(
    work,
    {
      spec: request.kernel,
      build: request.build,
      guests: request.live ? { accel: request.accel } : null,
      ownModules: request.moduleFiles,
    },
    stages,
  );
  const asked = { asked: request.modules, own, ownModules };
  const steps = planVisits({
    ...asked,
    ...(await kernelModules(kernel.modules)),
    arch: kernel.arch.name,
    release: kernel.identity.release,
    config: kernel.config,
    shipped,
    all: request.all,
  });
  return { kernel, steps, named: namedModules(asked) };
}

/** What an audit writes about itself before its first visit. */
export function noteOf<K extends AuditedKernel>(
  { request, place }: RunningAudit<K>,
  { identity }: K,
  { steps, named }: { readonly steps: readonly PlannedStep[]; readonly named: readonly string[] },
): AuditNote {
  const { known, baseline, shard } = request;
  return {
    schema: 1,
    id: place.id,
    ...(place.resumed === null || place.resumed.note.ownLines ? { ownLines: true as const } : {}),
    dmrace: version(),
    startedAt: place.startedAt,
    kernel: identity,
    ...givenBuild(request),
    static: request.static,
    live: request.live,
    named: [...named],
    all: request.all,
    exercises: [...request.exerciseFiles],
    modules: [...request.moduleFiles],
    plan: steps.map(plannedOf),
    ...(shard === null ? {} : { shard }),
    known: known === null ? null : [...known],
    baseline: baseline === null ? null : { ...baseline, alarms: [...baseline.alarms] },
    patience: patience(),
  };
}

/** The exercises of a plan, for reproducers. */
export const exercisesOf = (steps: readonly PlannedStep[]): Exercise[] =>
  steps.flatMap((step) => (step.is === 'live' ? (step.visit.exercise ?? []) : []));

/** What the static part of an audit that goes on has said already. */
export const staticOf = (note: AuditNote | undefined): Partial<AuditNote> => ({
  ...(note?.staticSha256 === undefined ? {} : { staticSha256: note.staticSha256 }),
  ...(note?.staticNotes === undefined ? {} : { staticNotes: note.staticNotes }),
});
