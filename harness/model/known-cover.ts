// SPDX-License-Identifier: MIT
import type { Finding } from './finding.js';
import type { KernelIdentity } from './kernel-identity.js';
import type { KnownIssue } from './known.js';

/**
 * The version of a kernel for ranges. A distribution's release (6.1.0-56) does not tell the stable
 * version, its package's version (6.1.192-2) does.
 */
export function kernelVersion(kernel: Pick<KernelIdentity, 'release' | 'version'>): number[] {
  const text = /\d+\.\d+(?:\.\d+)?/.exec(kernel.version)?.[0] ?? kernel.release;
  return (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
}

/** Compares as far as `limit` goes. */
function compare(version: readonly number[], limit: string): number {
  for (const [index, wanted] of limit.split('.').map(Number).entries()) {
    const have = version[index] ?? 0;
    if (have !== wanted) return have - wanted;
  }
  return 0;
}

/** Whether an entry is about this kernel. */
export function coversKernel(
  issue: Pick<KnownIssue, 'kernel'>,
  kernel: Pick<KernelIdentity, 'release' | 'version'>,
): boolean {
  const version = kernelVersion(kernel);
  const { from, to } = issue.kernel;
  return (
    (from === null || compare(version, from) >= 0) && (to === null || compare(version, to) <= 0)
  );
}

/** Whether an entry is about this finding, the kernel apart. */
export const fitsFinding = (issue: KnownIssue, finding: Finding): boolean =>
  issue.cause === finding.cause &&
  issue.function === finding.function &&
  (issue.title === undefined || issue.title === finding.title);
