// SPDX-License-Identifier: MIT
import type { AuditFolder } from '../../runs/audit/audit-folder.js';
import type { AuditNote } from '../../runs/audit/note.js';
import { shareOfPlan, visitKey } from '../../runs/audit/share.js';
import { guestOf } from '../../runs/audit/visits.js';
import type { CampaignEnd } from '../../runs/run-note.js';
import { telling } from '../../util/work.js';
import type { AuditPlace } from './place.js';
import { type PlannedStep, plannedOf } from './plan.js';
import type { AuditedKernel, LiveEvent } from './ports.js';
import type { RunningAudit } from './running.js';
import { AuditTally } from './tally.js';

/** How a campaign ended that did all it was asked. */
export const COMPLETE: CampaignEnd = { how: 'complete' };

/** Makes this shard's visits that were not made yet, and notes each as it ends. */
export async function makeShare<K extends AuditedKernel>(
  { work, request, parts, stages, place }: RunningAudit<K>,
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
      else if (event.is === 'try') tally.tried();
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
  const entries = resumed?.saved.lines.entries ?? [];
  return entries.reduce((next, { entry }) => Math.max(next, guestOf(entry) + 1), 0);
}
