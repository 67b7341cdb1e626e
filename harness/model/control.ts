// SPDX-License-Identifier: GPL-2.0-only
import type { Placement } from './placement.js';

/** What has to crash before the silence of the subject means anything. */
export type Control =
  /** The suspect's module rebuilt with its change (kernel-config/): everything else is the same. */
  | { readonly kind: 'rebuilt'; readonly placement: Placement }
  /** Nothing: the verdict says so. */
  | { readonly kind: 'none' };

/** The placement that has to crash; null where a scenario has no control. */
export const controlPlacement = (control: Control): Placement | null =>
  control.kind === 'rebuilt' ? control.placement : null;
