// SPDX-License-Identifier: MIT
import type { PlantedVisit, Visit } from '../../model/audit.js';
import type { AuditRig } from '../../rig/audit.js';
import { visitPlanted } from './planted.js';
import { isWorthTrying, proveUntainted } from './untainted.js';
import { GuestNumbers, type MadeVisit, makeVisits, type VisitWish } from './visits.js';

/** What the live part of an audit is asked for. */
export interface LiveRequest {
  readonly wishes: readonly VisitWish[];
  /** Whether the planted mistakes and their twins come first. */
  readonly planted: boolean;
  /** Guests at the same time. */
  readonly jobs: number;
  /** Fresh guests at most in which something is tried without a module of ours; 0: it is not. */
  readonly untaintedTries: number;
  readonly signal: AbortSignal;
}

/** What the live part yields, as it comes. */
export type LiveEvent =
  | { readonly is: 'planted'; readonly planted: PlantedVisit; readonly made: MadeVisit }
  /** The visit as it is final; `made` has what the host had of the first one. */
  | { readonly is: 'visit'; readonly visit: Visit; readonly made: MadeVisit };

/**
 * The live part of an audit: the planted mistakes first, then every module, each followed by the
 * tries on the untouched kernel where they are worth it.
 * @throws DmraceError (environment) when guests do not start; AbortError after an interrupt
 */
export async function* auditLive(rig: AuditRig, request: LiveRequest): AsyncGenerator<LiveEvent> {
  const { jobs, signal, untaintedTries: tries } = request;
  const numbers = new GuestNumbers();
  if (request.planted) {
    for await (const { planted, made } of visitPlanted(rig, { jobs, signal }, numbers)) {
      yield { is: 'planted', planted, made };
    }
  }
  const options = { jobs, kind: 'watch', settleMs: 0, signal } as const;
  const later: MadeVisit[] = [];
  for await (const made of makeVisits(rig, request.wishes, options, numbers)) {
    if (tries > 0 && made.visit.observations.some(isWorthTrying)) later.push(made);
    else yield { is: 'visit', visit: made.visit, made };
  }
  for (const made of later) {
    const visit = await proveUntainted(
      rig,
      made.wish,
      made.visit,
      { tries, jobs, signal },
      numbers,
    );
    yield { is: 'visit', visit, made };
  }
}
