// SPDX-License-Identifier: MIT
import type { VisitOrder } from '../../audit/live/command.js';
import type { AuditGuestKind, AuditRig } from '../../rig/audit.js';
import { AuditGuest, type GuestVisit } from '../../rig/audit-guest.js';

/** A guest that visits are made in. Disposing it ends it. */
export interface VisitGuest extends AsyncDisposable {
  /** One visit, from its order to its last word or the guest's. @throws AbortError. */
  visit(order: VisitOrder): Promise<GuestVisit>;
}

/** What visits need of a rig; tests have one of their own. */
export interface VisitRig {
  readonly kernel: Pick<AuditRig['kernel'], 'config' | 'modules'>;
  readonly files: Pick<AuditRig['files'], 'read' | 'sectionsOf'>;
  /** A fresh guest. @throws DmraceError (environment) when it does not get ready; AbortError. */
  start(kind: AuditGuestKind, signal: AbortSignal): Promise<VisitGuest>;
}

/** The guests of an audit's rig. */
export const visitRig = (rig: AuditRig): VisitRig => ({
  kernel: rig.kernel,
  files: rig.files,
  start: (kind, signal) => AuditGuest.start(rig, kind, signal),
});
