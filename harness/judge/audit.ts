// SPDX-License-Identifier: MIT
import { endText, showed, wasTried } from '../audit/ends.js';
import type { AuditFinding } from '../audit/finding.js';
import { findingsOf } from '../audit/findings.js';
import {
  type AuditEvidence,
  type AuditQuestion,
  isAlarming,
  type Visit,
  type VisitEnd,
} from '../model/audit.js';
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { KnownAudit } from '../model/known.js';
import {
  alarmsOf,
  type Baseline,
  type BaselineReport,
  compareBaseline,
  type Pair,
  withKernels,
} from './audit-baseline.js';
import { type ControlLine, controlLines, controlProblems } from './audit-control.js';
import {
  entryName,
  type KnownAuditReport,
  markKnownAudit,
  reportKnownAudit,
} from './audit-known.js';

/**
 * What an audit came to. `found`: something is proven or reachable. `nothing-seen`: nothing of that kind
 * was seen with these exercises, which is never "clean". `inconclusive`: nothing can be concluded.
 */
export const AUDIT_VERDICTS = ['found', 'nothing-seen', 'inconclusive'] as const;
/** See {@link AUDIT_VERDICTS}. */
export type AuditVerdict = (typeof AUDIT_VERDICTS)[number];

/** A judged audit. */
export interface AuditResult {
  readonly verdict: AuditVerdict;
  /** 1: something proven or reachable that is neither known nor in the baseline. */
  readonly exitCode: 0 | 1 | 125;
  readonly reasons: readonly string[];
  readonly kernel: KernelIdentity;
  readonly question: AuditQuestion;
  readonly findings: readonly AuditFinding[];
  /** What makes the exit code 1: proven or reachable, neither known nor in the baseline. */
  readonly red: readonly Pair[];
  readonly visits: readonly Visit[];
  readonly control: readonly ControlLine[];
  readonly counts: AuditCounts;
  /** What became of the known-issues file; null without one. */
  readonly known: KnownAuditReport | null;
  /** What differs from the baseline; null without one. */
  readonly baseline: BaselineReport | null;
}

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

/** What an audit is judged by. */
export interface AuditCase {
  readonly question: AuditQuestion;
  readonly kernel: KernelIdentity;
  readonly evidence: AuditEvidence;
  /** What is wrong with the folder, or cut the work short: each takes `nothing-seen` away. */
  readonly problems: readonly string[];
  readonly known: readonly KnownAudit[] | null;
  readonly baseline: Baseline | null;
  /** What a reader should know besides. */
  readonly notes: readonly string[];
}

/** Judges an audit. Pure: the same case gives the same result. */
export function judgeAudit(asked: AuditCase): AuditResult {
  const { question, kernel, evidence, problems } = asked;
  const found = markKnownAudit(findingsOf(evidence, kernel.release), kernel, asked.known ?? []);
  const findings = asked.baseline === null ? found : withKernels(found, asked.baseline);
  const baseline =
    asked.baseline === null ? null : compareBaseline(findings, evidence.visits, asked.baseline);
  const known =
    asked.known === null
      ? null
      : reportKnownAudit(findings, kernel, { entries: asked.known, visits: evidence.visits });
  const doubts = doubtsOf(question, evidence);
  const control = question.live ? controlProblems(evidence.planted) : [];
  const alarming = findings.filter(({ word }) => isAlarming(word));
  const verdict = verdictOf({ control, doubts: [...doubts, ...problems], alarming });
  // What is damaged may have been cut to fit the excuse.
  const red = problems.length > 0 ? alarmsOf(alarming) : redModules(alarming, baseline);
  return {
    verdict,
    exitCode: verdict === 'inconclusive' ? 125 : red.length > 0 ? 1 : 0,
    reasons: [
      ...control,
      ...doubts,
      ...problems,
      ...foundReasons(verdict, alarming, red),
      ...(known === null ? [] : knownAuditReasons(known)),
      ...(baseline === null ? [] : baselineReasons(baseline)),
      ...asked.notes,
    ],
    kernel,
    question,
    findings,
    red,
    visits: evidence.visits,
    control: controlLines(evidence.planted),
    counts: countsOf(evidence),
    known,
    baseline,
  };
}

/** A planted mistake that was missed, or a twin that was flagged, is a rig that cannot be believed. */
function verdictOf({
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

/** Alarming modules that neither the known-issues file nor the baseline has. */
function redModules(alarming: readonly AuditFinding[], baseline: BaselineReport | null): Pair[] {
  const unknown = alarming.map((finding) => ({
    ...finding,
    modules: finding.modules.filter(({ known }) => known === undefined),
  }));
  return alarmsOf(unknown).filter(
    ({ finding, module }) =>
      baseline === null ||
      baseline.fresh.some((pair) => pair.finding === finding && pair.module === module),
  );
}

/** What makes silence worth nothing. */
function doubtsOf(question: AuditQuestion, { static: read, visits }: AuditEvidence): string[] {
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

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

function foundReasons(
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

function countsOf({ static: read, visits }: AuditEvidence): AuditCounts {
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

function baselineReasons({ release, fresh, gone, notLookedFor }: BaselineReport): string[] {
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
