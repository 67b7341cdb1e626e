// SPDX-License-Identifier: MIT
import { wasTried } from '../audit/ends.js';
import type { AuditFinding } from '../audit/finding.js';
import { isAlarming, type Visit } from '../model/audit.js';

/** An earlier audit that this one is compared with. */
export interface Baseline {
  /** Its folder, as it was given. */
  readonly folder: string;
  readonly release: string;
  /** What was proven or reachable in it. */
  readonly alarms: readonly Pair[];
}

/** A module of a finding, by name. */
export interface Pair {
  readonly finding: string;
  readonly module: string;
}

/** What differs from an earlier audit, of what is proven or reachable. */
export interface BaselineReport {
  readonly folder: string;
  readonly release: string;
  /** Not there before. */
  readonly fresh: readonly Pair[];
  /** There before, looked for now, and not seen. */
  readonly gone: readonly Pair[];
  /** There before; this audit did not try that module to the end. */
  readonly notLookedFor: readonly Pair[];
}

/** Every module of every finding that is proven or reachable. */
export const alarmsOf = (findings: readonly AuditFinding[]): Pair[] =>
  findings.flatMap(({ id, modules }) =>
    modules.filter(({ word }) => isAlarming(word)).map(({ module }) => ({ finding: id, module })),
  );

const key = ({ finding, module }: Pair): string => `${finding} ${module}`;

/** Compares what is proven or reachable now with an earlier audit. */
export function compareBaseline(
  findings: readonly AuditFinding[],
  visits: readonly Visit[],
  { folder, release, alarms: before }: Baseline,
): BaselineReport {
  const now = alarmsOf(findings);
  const [nowKeys, beforeKeys] = [new Set(now.map(key)), new Set(before.map(key))];
  const tried = new Set(visits.filter(wasTried).map(({ module }) => module));
  const absent = before.filter((pair) => !nowKeys.has(key(pair)));
  return {
    folder,
    release,
    fresh: now.filter((pair) => !beforeKeys.has(key(pair))),
    gone: absent.filter(({ module }) => tried.has(module)),
    notLookedFor: absent.filter(({ module }) => !tried.has(module)),
  };
}

/** Findings with the kernel of the baseline beside their own, where it had them too. */
export const withKernels = (
  findings: readonly AuditFinding[],
  { release, alarms }: Baseline,
): AuditFinding[] =>
  findings.map((finding) =>
    alarms.some((pair) => pair.finding === finding.id) && !finding.kernels.includes(release)
      ? { ...finding, kernels: [...finding.kernels, release] }
      : finding,
  );
