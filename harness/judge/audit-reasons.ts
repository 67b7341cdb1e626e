// SPDX-License-Identifier: MIT
//
// What an audit's verdict rests on, in sentences.
import { endText, showed, wasTried } from '../audit/ends.js';
import type { AuditFinding } from '../audit/finding.js';
import { type AuditEvidence, type AuditQuestion, isAlarming } from '../model/audit.js';
import type { BaselineReport, Pair } from './audit-baseline.js';
import { entryName, type KnownAuditReport } from './audit-known.js';
import type { AuditVerdict } from './audit-verdict.js';

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** What makes silence worth nothing. */
export function doubtsOf(
  question: AuditQuestion,
  { static: read, visits }: AuditEvidence,
): string[] {
  const tried = visits.filter((visit) => wasTried(visit) || showed(visit));
  const failed = question.named.flatMap((module) => {
    const mine = visits.filter((visit) => visit.module === module);
    const bad = mine.filter((visit) => !wasTried(visit) && !showed(visit));
    return bad.map((visit) => `${module} could not be tried: ${endText(visit.end)}`);
  });
  return [
    ...(question.static && (read === null || read.length === 0)
      ? ['no file of a module was read: this kernel has none, or all is built in']
      : []),
    ...(question.static && !question.live
      ? question.named
          .filter((module) => !read?.some((one) => one.module === module))
          .map((module) => `${module} could not be read: this kernel has no file of that name`)
      : []),
    ...(question.live && tried.length === 0
      ? [`no module could be tried: of ${count(visits.length, 'visit')} none got to an unload`]
      : []),
    ...(question.live && visits.length < question.planned
      ? [`${visits.length} of ${count(question.planned, 'planned visit')} were made`]
      : []),
    ...failed,
  ];
}

/** What was found, and whether all of it is excused. */
export function foundReasons(
  verdict: AuditVerdict,
  alarming: readonly AuditFinding[],
  red: readonly Pair[],
): string[] {
  if (alarming.length === 0) return [];
  const modules = new Set(alarming.flatMap((finding) => alarmingModules(finding)));
  const excused = verdict === 'found' && red.length === 0;
  return [
    `${count(alarming.length, 'finding')} in ${count(modules.size, 'module')}: something of a module can be called or read after its unload`,
    ...(excused ? ['all of them are known, or in the baseline'] : []),
  ];
}

/** The modules of a finding that are proven or reachable. */
export const alarmingModules = ({ modules }: AuditFinding): string[] =>
  modules.filter(({ word }) => isAlarming(word)).map(({ module }) => module);

/** The report on a known-issues file as reasons. */
export const knownAuditReasons = ({ seen, stale, notLookedFor }: KnownAuditReport): string[] => [
  ...seen.map(
    ({ entry, modules }) => `known: ${entryName(entry)}, in ${count(modules.length, 'module')}`,
  ),
  ...stale.map(
    (entry) => `stale: ${entryName(entry)} is in the known-issues file, but was not seen`,
  ),
  ...notLookedFor.map(
    (entry) =>
      `not looked for: ${entryName(entry)} is in the known-issues file; this audit says nothing of it`,
  ),
];

const MOST_PAIRS = 5;

/** What differs from the baseline as reasons. */
export function baselineReasons({ release, fresh, gone, notLookedFor }: BaselineReport): string[] {
  const list = (pairs: BaselineReport['gone']): string => {
    const names = pairs
      .slice(0, MOST_PAIRS)
      .map(({ finding, module }) => `${finding} in ${module}`);
    const more = pairs.length - names.length;
    return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  };
  return [
    ...(fresh.length > 0 ? [`new since the baseline (${release}): ${list(fresh)}`] : []),
    ...(gone.length > 0 ? [`gone since the baseline (${release}): ${list(gone)}`] : []),
    ...(notLookedFor.length > 0
      ? [`in the baseline (${release}), not tried now: ${list(notLookedFor)}`]
      : []),
    ...(fresh.length + gone.length + notLookedFor.length === 0
      ? [`as in the baseline (${release})`]
      : []),
  ];
}
