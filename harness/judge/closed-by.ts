// SPDX-License-Identifier: MIT
import { orderedPlacements, type Placement } from '../model/placement.js';
import { roleOf, SUBJECT } from '../model/role.js';
import type { TrialResult } from '../model/trial.js';
import type { Closer, Question } from '../model/verdict.js';
import type { PlacementCode } from './object.js';
import { crashedWith } from './verdict.js';

/**
 * By what a closed race is closed. A control that returns differs in two things from a subject that
 * jumps: where its method is, and that it returns. The placement that only moves the method tells
 * which of them counts: where it survives too, the compiler's jump would have closed the race alone.
 * Null where that was not shown.
 */
export function closedBy(
  question: Pick<Question, 'control' | 'planted' | 'targetCause'>,
  trials: readonly TrialResult[],
  codes: Readonly<Partial<Record<Placement, PlacementCode>>>,
): readonly Closer[] | null {
  if (question.control === null || question.planted) return null;
  const jumps = codes[SUBJECT]?.tailCall ?? null;
  if (jumps === null) return null;
  if (!jumps) return ['placement'];
  const tried = trials.filter(({ role, reached }) => role === 'attribution' && reached);
  if (tried.some((trial) => crashedWith(trial, question.targetCause))) return ['placement'];
  const placements = orderedPlacements(tried.map(({ placement }) => placement));
  const same = placements.every(
    (placement) => roleOf(placement) === 'attribution' && codes[placement]?.tailCall === true,
  );
  const calm = tried.length > 0 && tried.every(({ outcome }) => outcome === 'survived');
  return calm && same ? ['placement', 'compiler'] : null;
}
