// SPDX-License-Identifier: MIT
import type { TailCall } from '../evidence/tail-call.js';
import { homeOf, type MethodHome, type Placement } from '../model/placement.js';
import type { SuspectBuild } from '../model/suspect-build.js';

/** What is known of a placement's release method besides what its trials saw. */
export interface PlacementCode extends TailCall {
  /**
   * nm's letter for the release method in the module that was booted: `U` (taken from vmlinux), `T` or
   * `t` (part of the module); null when it was not read.
   */
  readonly objectSymbol: string | null;
}

/** What speaks against a booted object. */
export interface ObjectProblem {
  readonly says: string;
  /** It is another placement's; else nothing is known of it. */
  readonly contradicts: boolean;
}

/** Why the booted object is not shown to be the placement's, or null. */
export function objectProblem(
  placement: Placement,
  code: PlacementCode | undefined,
  { object, method }: Pick<SuspectBuild, 'object' | 'method'>,
  subject?: MethodHome,
): ObjectProblem | null {
  const letter = code?.objectSymbol ?? null;
  if (letter === null) {
    const says = `${placement}: the symbols of the booted ${object} were not read`;
    return { says, contradicts: false };
  }
  const right = homeOf(placement, subject) === 'vmlinux' ? /^U$/ : /^[Tt]$/;
  return right.test(letter)
    ? null
    : {
        says: `${placement}: nm shows ${method} as "${letter}" in the booted ${object}`,
        contradicts: true,
      };
}
