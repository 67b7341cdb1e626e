// SPDX-License-Identifier: MIT
import { SUBJECT } from '../model/role.js';
import type { Question } from '../model/verdict.js';

/** What a placement is in a run’s comparison, in two or three words. */
export function placementWords({ control, planted }: Question, placement: string): string {
  if (placement === control) return planted ? 'the planted control' : 'the control';
  if (placement === planted?.twin) return 'its correct twin';
  if (placement === SUBJECT) return 'the tree as it is';
  return placement === 'as-compiled' ? 'the method moved, nothing else' : 'not the control here';
}
