// SPDX-License-Identifier: MIT
import type { Cause } from './finding.js';
import type { Placement } from './placement.js';
import type { Telling } from './proof.js';
import type { Suspect } from './suspect.js';

/** Whose unload a trial of a planted control is about, and the steps that prove its window. */
export interface Staging {
  readonly suspect: Suspect;
  readonly telling: Telling;
}

/** What has to crash before the silence of the subject means anything. */
export type Control =
  /** The suspect's module rebuilt with its change (kernel-config/): everything else is the same. */
  | { readonly kind: 'rebuilt'; readonly placement: Placement }
  /**
   * A module of ours with the same kind of mistake, by the same recipe on the same kernel, in guests
   * of its own. It shows that hold, unload, last put and detection work. It is weaker than a rebuilt
   * one: another module's crash does not show that the subject's own crash would be seen.
   */
  | {
      readonly kind: 'planted';
      readonly placement: 'planted';
      /** The same module without the mistake: it must survive, or the set-up is at fault. */
      readonly twin: 'planted-twin';
      readonly cause: Cause;
      readonly staged: Readonly<Record<'planted' | 'planted-twin', Staging>>;
    }
  /** Nothing: the verdict says so. */
  | { readonly kind: 'none' };

/** The placement that has to crash; null where a scenario has no control. */
export const controlPlacement = (control: Control): Placement | null =>
  control.kind === 'none' ? null : control.placement;
