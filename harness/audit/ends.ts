// SPDX-License-Identifier: MIT
import type { Visit, VisitEnd } from '../model/audit.js';

/** How a visit ended, in words, with what to do about it where something can be done. */
export function endText(end: VisitEnd): string {
  switch (end.is) {
    case 'unloaded':
      return 'unloaded';
    case 'waited':
      return 'its unload waited until the references were dropped';
    case 'builtin':
      return 'it is part of the kernel image and cannot be unloaded';
    case 'not-loaded':
      return `it did not load: ${end.why}`;
    case 'exercise-failed':
      return `its exercise failed: ${end.command}: ${end.why}`;
    case 'nothing-appeared':
      return `its exercise ran, but ${end.wanted} did not appear`;
    case 'not-unloaded':
      return `it did not unload: ${end.why}`;
    case 'lost':
      return `its guest was lost: ${end.why}`;
  }
}

/** What a visit says of its module; silence is never called clean. */
export const wasTried = ({ end }: Visit): boolean => end.is === 'unloaded' || end.is === 'waited';

/** A crash during a visit ends its guest as `lost` and may have shown something all the same. */
export const showed = (visit: Visit): boolean => visit.observations.length > 0;
