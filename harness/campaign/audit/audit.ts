// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';
import type { Exercise } from '../../model/exercise.js';
import type { Stages } from '../../ports.js';
import { requireKvm } from '../../qemu/kvm-access.js';
import type { AuditFolder } from '../../runs/audit/audit-folder.js';
import type { AuditNote } from '../../runs/audit/note.js';
import { sameAudit } from '../../runs/audit/same-audit.js';
import { readSavedAudit } from '../../runs/audit/saved-audit.js';
import { shareOfPlan, visitKey } from '../../runs/audit/share.js';
import type { CampaignEnd } from '../../runs/run-note.js';
import { patience, setPatience } from '../../util/patience.js';
import { version } from '../../util/version.js';
import { telling, type Work } from '../../util/work.js';
import { openWork } from '../set-up.js';
import { kernelModules, ownModule } from './modules.js';
import { type AuditPlace, openAuditPlace } from './place.js';
import { namedModules, type PlannedStep, planVisits } from './plan.js';
import type { AuditedKernel, AuditParts, LiveEvent } from './ports.js';
import type { AuditRequest } from './request.js';
import { AuditTally } from './tally.js';

/** An audit that has ended, by itself or by an interrupt. */
export interface EndedAudit {
  readonly folder: AuditFolder;
  readonly result: AuditResult;
  readonly timing: Readonly<Record<string, number>>;
  /** SHA-256 of the manifest, for `judge --manifest`. */
  readonly manifest: string;
}

/** Everything that the stages of an audit need. */
interface Audit<K extends AuditedKernel> {
  readonly work: Work;
  readonly request: AuditRequest;
  readonly parts: AuditParts<K>;
  readonly stages: Stages;
  readonly place: AuditPlace;
}

/**
 * Asks of a kernel's modules whether anything of them can be called or read after their unload.
 * @param place the folder of an audit that goes on; null for a new one
 * @throws DmraceError; what was done until then is in the folder and can be gone on with
 */
export async function audit<K extends AuditedKernel>(
  request: AuditRequest,
  parts: AuditParts<K>,
  { stages, signal }: { readonly stages: Stages; readonly signal: AbortSignal },
  resumed: AuditPlace | null = null,
): Promise<EndedAudit> {
  setPatience(request.patience);
  const work = await openWork(request.arch, signal);
  if (request.live) await requireKvm(request.arch, request.accel);
  return auditWith(work, request, parts, { stages, resumed });
}

/** The audit itself, where all that it works with is there. Exported for its test. */
export async function auditWith<K extends AuditedKernel>(
  work: Work,
  request: AuditRequest,
  parts: AuditParts<K>,
  { stages, resumed }: { readonly stages: Stages; readonly resumed: AuditPlace | null },
): Promise<EndedAudit> {
  const started = performance.now();
  const place = resumed ?? (await openAuditPlace(work, request));
  const { folder } = place;
  await stagesOf({ work, request, parts, stages, place }).catch(async (error: unknown) => {
    if (resumed) await folder[Symbol.asyncDispose]();
    else await folder.removeIfEmpty();
    throw error;
  });
  const { result } = await readSavedAudit(folder.root);
  const timing = { ...stages.timing, totalMs: Math.round(performance.now() - started) };
  const { verdict, reasons, exitCode } = result;
  await folder.writeVerdict({ schema: 1, verdict, reasons, exitCode, timing });
  const manifest = await folder.writeManifest();
  await folder[Symbol.asyncDispose]();
  return { folder, result, timing, manifest };
}

async function stagesOf<K extends AuditedKernel>(asked: Audit<K>): Promise<void> {
  const { work, request, parts, stages, place } = asked;
  const { folder } = place;
  const { kernel, steps, named } = await prepared(asked);
  let note: AuditNote = {
    ...noteOf(asked, kernel, { steps, named }),
    ...staticOf(place.resumed?.note),
  };
  if (place.resumed) sameAudit(place.resumed.note, note);
  // Written before the first visit too: what an interrupt leaves can still be judged.
  await folder.writeNote(note);
  await folder.writeExercises(exercisesOf(steps));
  if (request.static && note.staticSha256 === undefined) {
    const read = await stages.stage(
      { title: 'Static: the files of the modules', name: 'static' },
      (say) =>
        parts.static(telling(work, say), kernel, {
          modules: named.length > 0 ? named : null,
          files: request.moduleFiles,
        }),
    );
    const staticSha256 = await folder.writeStatic(read.modules);
    note = { ...note, staticSha256, staticNotes: [...read.notes] };
    await folder.writeNote(note);
  }
  const end = request.live ? await visit(asked, kernel, { steps, note }) : { end: COMPLETE };
  await folder.writeNote({ ...note, ...end, ledger: folder.linesEnd });
}

/** What the static part of an audit that goes on has said already. */
const staticOf = (note: AuditNote | undefined): Partial<AuditNote> => ({
  ...(note?.staticSha256 === undefined ? {} : { staticSha256: note.staticSha256 }),
  ...(note?.staticNotes === undefined ? {} : { staticNotes: note.staticNotes }),
});

const COMPLETE: CampaignEnd = { how: 'complete' };

/** The kernel, and what is to be visited. */
async function prepared<K extends AuditedKernel>({
  work,
  request,
  parts,
  stages,
}: Pick<Audit<K>, 'work' | 'request' | 'parts' | 'stages'>): Promise<{
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

function noteOf<K extends AuditedKernel>(
  { request, place }: Audit<K>,
  { identity }: K,
  { steps, named }: { readonly steps: readonly PlannedStep[]; readonly named: readonly string[] },
): AuditNote {
  const { known, baseline, shard } = request;
  return {
    schema: 1,
    id: place.id,
    dmrace: version(),
    startedAt: place.startedAt,
    kernel: identity,
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
const exercisesOf = (steps: readonly PlannedStep[]): Exercise[] =>
  steps.flatMap((step) => (step.is === 'live' ? (step.visit.exercise ?? []) : []));

const plannedOf = (step: PlannedStep): AuditNote['plan'][number] =>
  step.is === 'known'
    ? { module: step.visit.module, exercise: step.visit.exercise }
    : { module: step.visit.module, exercise: step.visit.exercise?.name ?? null };

/** Makes this shard's visits that were not made yet, and notes each as it ends. */
async function visit<K extends AuditedKernel>(
  { work, request, parts, stages, place }: Audit<K>,
  kernel: K,
  { steps, note }: { readonly steps: readonly PlannedStep[]; readonly note: AuditNote },
): Promise<Pick<AuditNote, 'end' | 'accel'>> {
  const { folder, resumed } = place;
  const before = resumed?.saved.evidence.visits ?? [];
  const done = new Set(before.map(visitKey));
  const mine = shareOfPlan(steps, note.shard ?? null);
  const left = mine.filter((step) => !done.has(visitKey(plannedOf(step))));
  for (const step of left) {
    if (step.is === 'known') await folder.writeLine({ is: 'visit', visit: step.visit });
  }
  const visits = left.flatMap((step) => (step.is === 'live' ? [step.visit] : []));
  const accel = resumed?.note.accel;
  if (visits.length === 0) return { end: COMPLETE, ...(accel ? { accel } : {}) };
  const tally = new AuditTally(mine.length, mine.length - visits.length);
  const ran = await stages.stage(
    {
      title: 'Visits: load, create, hold, destroy, unload, look',
      name: 'visits',
      live: () => `${tally}`,
    },
    (say) =>
      noted(
        parts.live(telling(work, say), {
          kernel,
          visits,
          firstGuest: nextGuest(place),
          jobs: request.jobs,
        }),
        { folder, tally, signal: work.signal },
      ),
  );
  return { ...(accel ? { accel } : {}), ...ran };
}

/** Writes what the live part tells. @returns how it ended */
async function noted(
  events: AsyncIterable<LiveEvent>,
  {
    folder,
    tally,
    signal,
  }: { readonly folder: AuditFolder; readonly tally: AuditTally; readonly signal: AbortSignal },
): Promise<Pick<AuditNote, 'end' | 'accel'>> {
  let accel: AuditNote['accel'];
  const ended = (end: CampaignEnd) => ({ end, ...(accel ? { accel } : {}) });
  try {
    for await (const event of events) {
      if (event.is === 'started') accel = event.accel;
      else if (event.is === 'guest') await folder.writeGuest(event.guest, event.files);
      else await folder.writeLine(event);
      if (event.is === 'visit') tally.add(event.visit);
    }
  } catch (error) {
    // Everything that has ended is noted; the rest is for --resume.
    if (signal.aborted) return ended({ how: 'interrupted' });
    throw error;
  }
  return ended(signal.aborted ? { how: 'interrupted' } : COMPLETE);
}

/** The first number that a guest of this process may have. */
function nextGuest({ resumed }: AuditPlace): number {
  const numbers = (resumed?.saved.lines.entries ?? []).map(({ entry }) =>
    entry.is === 'guest'
      ? entry.guest
      : entry.is === 'visit'
        ? entry.visit.guest
        : entry.planted.visit.guest,
  );
  return Math.max(-1, ...numbers) + 1;
}
