// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { AuditKernelRequest } from '../../kernel/auditable.js';
import type { Accel, Stages } from '../../ports.js';
import { type AuditRig, prepareAuditRig } from '../../rig/audit.js';
import type { Work } from '../../util/work.js';
import { visitPlanted } from './planted.js';
import type { AuditedKernel, LiveEvent, LiveRequest } from './ports.js';
import { proveUntainted, type Wanted, WorthTrying } from './untainted.js';
import { GuestNumbers, type MadeVisit, type VisitWish } from './visit-once.js';
import { visitRig } from './visit-rig.js';
import { makeVisits } from './visits.js';

/** A kernel whose guests are ready. */
export interface GuestKernel extends AuditedKernel {
  readonly rig: AuditRig;
}

/**
 * A kernel with its guests.
 * @throws DmraceError as {@link prepareAuditRig} does; AbortError after an interrupt
 */
export async function guestKernel(
  work: Work,
  request: {
    readonly kernel: AuditKernelRequest;
    readonly accel: Accel | 'auto';
    /** Files of --module. */
    readonly ownModules: readonly string[];
  },
  stages: Stages,
): Promise<GuestKernel> {
  const { kernel, accel, ownModules } = request;
  const rig = await prepareAuditRig(work, { kernel, accel, modules: ownModules }, stages);
  const { identity, arch, config, modules } = rig.kernel;
  return { identity, arch, config, modules, rig };
}

/** What the live part is asked, and what tests leave out of it. */
export interface GuestRequest extends Omit<LiveRequest<GuestKernel>, 'visits'> {
  readonly visits: readonly VisitWish[];
  /** Whether the planted mistakes and their twins come first; they do where nothing is said. */
  readonly planted?: boolean;
  /** Fresh guests at most for each finding that is tried without ours; {@link TRIES} if absent. */
  readonly untaintedTries?: number;
}

/** What is tried on the untouched kernel is tried in so many fresh guests at most. */
export const TRIES = 20;

function guestEvent({ output }: MadeVisit): LiveEvent {
  const { guest, number, console, records } = output;
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const files = new Map<string, Uint8Array>([
    [`${number}-console.log`, Buffer.from(console, 'latin1')],
    [`${number}-records.jsonl`, Buffer.from(lines, 'latin1')],
  ]);
  return { is: 'guest', guest, files };
}

/**
 * The live part of an audit: the planted mistakes and their twins, then every module in the same
 * guests, and at the end what the kernel may do by itself again in guests without any module of ours.
 * A visit that showed such a thing first is told when its tries are over; an interrupt loses it.
 * @throws DmraceError (environment) when guests do not start; AbortError after an interrupt. No guest
 *   is left when it ends, however it does.
 */
export async function* auditLive(work: Work, request: GuestRequest): AsyncGenerator<LiveEvent> {
  const rig = visitRig(request.kernel.rig);
  const { signal } = work;
  const jobs = request.jobs === 'auto' ? availableParallelism() : request.jobs;
  const tries = request.untaintedTries ?? TRIES;
  const numbers = new GuestNumbers(request.firstGuest);
  yield { is: 'started', accel: request.kernel.rig.accel };
  if (request.planted !== false) {
    for await (const { planted, made } of visitPlanted(rig, { jobs, signal }, numbers)) {
      yield guestEvent(made);
      yield { is: 'planted', planted };
    }
  }
  const options = { jobs, kind: 'watch', settleMs: 0, signal } as const;
  const worth = new WorthTrying();
  const wanted: Wanted[] = [];
  for await (const made of makeVisits(rig, request.visits, options, numbers)) {
    yield guestEvent(made);
    const taken = tries > 0 ? worth.take(made) : null;
    if (taken) wanted.push(taken);
    else yield { is: 'visit', visit: made.visit };
  }
  for await (const event of proveUntainted(rig, wanted, { tries, jobs, signal }, numbers)) {
    if (event.is === 'visit') {
      yield event;
      continue;
    }
    yield { is: 'try' };
    if (event.crashed) yield guestEvent(event.crashed);
  }
}
