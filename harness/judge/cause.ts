// SPDX-License-Identifier: MIT
import { CORRUPTED } from '../console/index.js';
import type { Finding, RawFinding } from '../model/finding.js';
import type { CauseRule, Suspect } from '../model/suspect.js';

/**
 * Says what a crash means for the question asked, by the suspects' rules: the first that fits names
 * the cause, and, where the recorded symbols know it and the console cannot, the function at fault.
 */
export function withCause(raw: RawFinding, suspects: readonly Suspect[]): Finding {
  const { touched: _, ...finding } = raw;
  for (const suspect of suspects) {
    const rule = suspect.causes.find(({ fits }) => fits(raw));
    if (rule) return { ...blamed(finding, rule, suspect.name), cause: rule.cause };
  }
  return Object.assign(finding, { cause: 'other' as const });
}

/**
 * The console could only blame a caller, or nobody (then it says {@link CORRUPTED}); the recorded
 * symbols know the function itself.
 */
function blamed(
  finding: Omit<RawFinding, 'touched'>,
  { blames }: CauseRule,
  module: string,
): Omit<RawFinding, 'touched'> {
  if (blames === undefined) return finding;
  const suffix = ` in ${finding.function === '' ? CORRUPTED : finding.function}`;
  const title = finding.title.endsWith(suffix)
    ? finding.title.slice(0, -suffix.length)
    : finding.title;
  return {
    ...finding,
    title: finding.title.endsWith(blames) ? finding.title : `${title} in ${blames}`,
    function: blames,
    module,
  };
}
