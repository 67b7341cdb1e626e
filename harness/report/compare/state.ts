// SPDX-License-Identifier: MIT
import { crashedWith } from '../../judge/verdict.js';
import type { CompareResult } from '../../model/compare.js';
import { SUBJECT } from '../../model/role.js';
import { type State, stateOf } from '../trial-state.js';
import type { SidedTrial } from './rows.js';

/**
 * What a trial of a comparison is to a test report. Before, the subject passes by showing the bug,
 * as a control does; one that does not is skipped, because others may have.
 */
export function sidedState({ side, trial }: SidedTrial, result: CompareResult): State {
  const { question } = result[side];
  if (side === 'after' || trial.placement !== SUBJECT) return stateOf(trial, question);
  if (crashedWith(trial, question.targetCause)) return 'pass';
  return trial.outcome === 'lost' ? 'error' : trial.outcome === 'crashed' ? 'fail' : 'skip';
}

/** Why an answer that no trial's state tells is none; null where they do. */
export function doubtOf(result: CompareResult): 'skip' | 'error' | null {
  if (result.verdict !== 'inconclusive') return null;
  return result.before.verdict === 'open' ? 'error' : 'skip';
}
