// SPDX-License-Identifier: MIT
import type { AuditFinding } from '../audit/finding.js';

/**
 * What an audit came to. `found`: something is proven or reachable. `nothing-seen`: nothing of that kind
 * was seen with these exercises, which is never "clean". `inconclusive`: nothing can be concluded.
 */
export const AUDIT_VERDICTS = ['found', 'nothing-seen', 'inconclusive'] as const;
/** See {@link AUDIT_VERDICTS}. */
export type AuditVerdict = (typeof AUDIT_VERDICTS)[number];

/** A planted mistake that was missed, or a twin that was flagged, is a rig that cannot be believed. */
export function verdictOf({
  control,
  doubts,
  alarming,
}: {
  readonly control: readonly string[];
  readonly doubts: readonly string[];
  readonly alarming: readonly AuditFinding[];
}): AuditVerdict {
  if (control.length > 0) return 'inconclusive';
  if (alarming.length > 0) return 'found';
  return doubts.length > 0 ? 'inconclusive' : 'nothing-seen';
}
