// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { Arch } from '../../model/arch/index.js';
import type { PlantedVisit, Visit } from '../../model/audit.js';
import type { Exercise } from '../../model/exercise.js';
import type { KernelConfig } from '../../model/kernel.js';
import type { KernelIdentity } from '../../model/kernel-identity.js';
import type { Accel, Stages } from '../../ports.js';
import { type AuditRig, prepareAuditRig } from '../../rig/audit.js';
import type { Work } from '../../util/work.js';
import { visitPlanted } from './planted.js';
import { isWorthTrying, proveUntainted } from './untainted.js';
import { GuestNumbers, type MadeVisit, makeVisits, type VisitWish } from './visits.js';

/** A kernel whose guests are ready. */
export interface GuestKernel {
  readonly identity: KernelIdentity;
  readonly arch: Arch;
  readonly config: KernelConfig;
  /** Its /lib/modules/RELEASE. */
  readonly modules: string;
  readonly rig: AuditRig;
}

/**
 * A kernel with its guests.
 * @throws DmraceError as {@link prepareAuditRig} does; AbortError after an interrupt
 */
export async function guestKernel(
  work: Work,
  request: {
    /** As given with --kernel. */
    readonly spec: string;
    readonly accel: Accel | 'auto';
    /** Files of --module. */
    readonly ownModules: readonly string[];
  },
  stages: Stages,
): Promise<GuestKernel> {
  const { spec, accel, ownModules } = request;
  const rig = await prepareAuditRig(work, { kernel: spec, accel, modules: ownModules }, stages);
  const { identity, arch, config, modules } = rig.kernel;
  return { identity, arch, config, modules, rig };
}

/** What the live part is asked. */
export interface LiveRequest {
  readonly kernel: GuestKernel;
  /** In the order in which they are to begin. */
  readonly visits: readonly {
    readonly module: string;
    readonly exercise: Exercise | null;
  }[];
  /** The first number that a guest may have: a resumed audit has guests already. */
  readonly firstGuest: number;
  /** Guests side by side; `auto`: as many as cores. */
  readonly jobs: number | 'auto';
  /** Whether the planted mistakes and their twins come first; they do where nothing is said. */
  readonly planted?: boolean;
  /** Fresh guests at most for each module that is tried without ours; {@link TRIES} if absent. */
  readonly untaintedTries?: number;
}

/** What is tried on the untouched kernel is tried in so many fresh guests at most. */
export const TRIES = 20;

/** What the live part tells, as it happens. */
export type LiveEvent =
  /** Before the first guest: what runs them. */
  | { readonly is: 'started'; readonly accel: Accel }
  | { readonly is: 'planted'; readonly planted: PlantedVisit }
  | { readonly is: 'visit'; readonly visit: Visit }
  /** What a guest said in one visit, by names that its folder does not have yet. */
  | {
      readonly is: 'guest';
      readonly guest: number;
      readonly files: ReadonlyMap<string, Uint8Array>;
    };

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
 * guests, and what the kernel may do by itself again in guests without any module of ours.
 * @throws DmraceError (environment) when guests do not start; AbortError after an interrupt. No guest
 *   is left when it ends, however it does.
 */
export async function* auditLive(work: Work, request: LiveRequest): AsyncGenerator<LiveEvent> {
  const { rig } = request.kernel;
  const { signal } = work;
  const jobs = request.jobs === 'auto' ? availableParallelism() : request.jobs;
  const tries = request.untaintedTries ?? TRIES;
  const numbers = new GuestNumbers(request.firstGuest);
  yield { is: 'started', accel: rig.accel };
  if (request.planted !== false) {
    for await (const { planted, made } of visitPlanted(rig, { jobs, signal }, numbers)) {
      yield guestEvent(made);
      yield { is: 'planted', planted };
    }
  }
  const wishes: readonly VisitWish[] = request.visits;
  const options = { jobs, kind: 'watch', settleMs: 0, signal } as const;
  for await (const made of makeVisits(rig, wishes, options, numbers)) {
    yield guestEvent(made);
    const worth = tries > 0 && made.visit.observations.some(isWorthTrying);
    const told: LiveEvent[] = [];
    const visit = worth
      ? await proveUntainted(rig, made, { tries, jobs, signal }, numbers, (tried) =>
          told.push(guestEvent(tried)),
        )
      : made.visit;
    yield* told;
    yield { is: 'visit', visit };
  }
}
