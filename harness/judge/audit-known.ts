// SPDX-License-Identifier: MIT
import { wasTried } from '../audit/ends.js';
import type { AuditFinding, FindingModule } from '../audit/finding.js';
import { isAlarming, type Visit } from '../model/audit.js';
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { KnownAudit } from '../model/known.js';
import { coversKernel } from '../model/known-cover.js';

/** What became of the entries of a known-issues file that are about the audit. */
export interface KnownAuditReport {
  /** Entries that something alarming matched, with the modules. */
  readonly seen: readonly { readonly entry: KnownAudit; readonly modules: readonly string[] }[];
  /** Entries about this kernel whose module was tried to the end, and which were not seen. */
  readonly stale: readonly KnownAudit[];
  /** Entries about this kernel of which this audit can say nothing. */
  readonly notLookedFor: readonly KnownAudit[];
}

const fits = (entry: KnownAudit, finding: AuditFinding, { module }: FindingModule): boolean =>
  'finding' in entry
    ? entry.finding === finding.id
    : entry.fault === finding.about && (entry.module === module || entry.module === finding.module);

/** Puts the reference of the entry that it matches into each alarming module of each finding. */
export function markKnownAudit(
  findings: readonly AuditFinding[],
  kernel: KernelIdentity,
  entries: readonly KnownAudit[],
): AuditFinding[] {
  const here = entries.filter((entry) => coversKernel(entry, kernel));
  return findings.map((finding) => ({
    ...finding,
    modules: finding.modules.map((module) => {
      const entry = isAlarming(module.word)
        ? here.find((candidate) => fits(candidate, finding, module))
        : undefined;
      return entry === undefined ? module : { ...module, known: entry.reference };
    }),
  }));
}

/**
 * What became of the entries. One by identifier is stale where the module in it was tried, or, when it
 * is of all modules, where any was.
 */
export function reportKnownAudit(
  findings: readonly AuditFinding[],
  kernel: KernelIdentity,
  {
    entries,
    visits,
  }: { readonly entries: readonly KnownAudit[]; readonly visits: readonly Visit[] },
): KnownAuditReport {
  const here = entries.filter((entry) => coversKernel(entry, kernel));
  const modulesOf = (entry: KnownAudit): string[] =>
    findings.flatMap((finding) =>
      finding.modules
        .filter((module) => isAlarming(module.word) && fits(entry, finding, module))
        .map(({ module }) => module),
    );
  const seen = here
    .map((entry) => ({ entry, modules: [...new Set(modulesOf(entry))] }))
    .filter(({ modules }) => modules.length > 0);
  const rest = here.filter((entry) => !seen.some((one) => one.entry === entry));
  const tried = new Set(visits.filter(wasTried).map(({ module }) => module));
  const wasLookedFor = (entry: KnownAudit): boolean => {
    const [, module = ''] = 'finding' in entry ? entry.finding.split(':') : ['', entry.module];
    // A core function stands for every module.
    return tried.has(module) || ('finding' in entry && isShared(entry.finding) && tried.size > 0);
  };
  return {
    seen,
    stale: rest.filter(wasLookedFor),
    notLookedFor: rest.filter((entry) => !wasLookedFor(entry)),
  };
}

/** `class-release:class_release`: two parts, the second a core function. */
const isShared = (id: string): boolean => /^[^:]+:(class|disk|device)_release$/.test(id);

/** An entry in a line. */
export const entryName = (entry: KnownAudit): string =>
  'finding' in entry
    ? `${entry.finding} (${entry.reference})`
    : `${entry.fault} of ${entry.module} (${entry.reference})`;
