// SPDX-License-Identifier: MIT
import { showed, wasTried } from '../audit/ends.js';
import type { AuditEvidence, VisitEnd } from '../model/audit.js';

/** How many modules each thing happened to. */
export interface AuditCounts {
  /** Modules whose files were read; null where the static part was not asked for. */
  readonly static: number | null;
  readonly visits: number;
  readonly ends: Readonly<Record<VisitEnd['is'], number>>;
  /** Visits in which nothing was seen although all was done. */
  readonly silent: number;
  /** Summed over the visits, one after the other. */
  readonly durationMs: number;
}

/** Counts what became of the visits. */
export function countsOf({ static: read, visits }: AuditEvidence): AuditCounts {
  const ends: Record<VisitEnd['is'], number> = {
    unloaded: 0,
    waited: 0,
    builtin: 0,
    'not-loaded': 0,
    'exercise-failed': 0,
    'nothing-appeared': 0,
    'not-unloaded': 0,
    lost: 0,
  };
  for (const { end } of visits) ends[end.is]++;
  return {
    static: read === null ? null : read.length,
    visits: visits.length,
    ends,
    silent: visits.filter((visit) => wasTried(visit) && !showed(visit)).length,
    durationMs: visits.reduce((sum, { durationMs }) => sum + durationMs, 0),
  };
}
