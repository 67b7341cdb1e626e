// SPDX-License-Identifier: MIT
import type { AuditFinding } from '../audit/finding.js';
import { findingsOf } from '../audit/findings.js';
import { type AuditEvidence, type AuditQuestion, isAlarming, type Visit } from '../model/audit.js';
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
import { type AuditCounts, countsOf } from './audit-counts.js';
import { type KnownAuditReport, markKnownAudit, reportKnownAudit } from './audit-known.js';
import { baselineReasons, doubtsOf, foundReasons, knownAuditReasons } from './audit-reasons.js';
import { type AuditVerdict, verdictOf } from './audit-verdict.js';

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
