// SPDX-License-Identifier: GPL-2.0-only
import type { ChurnTally } from '../model/churn.js';
import { recordsOf } from '../model/record.js';
import type { KindEvidence, KindJudgement } from './recipe.js';

/** What a soak did, in one line. */
export const churnLine = (tally: ChurnTally): string =>
  `${tally.cycles} cycles in ${(tally.elapsedMs / 1000).toFixed(1)} s (${tally.cyclesPerSecond} a second), ${tally.reads} attributes read`;

/**
 * A trial of kind `churn` never reaches a window: it opens none on purpose and proves none. It
 * survives when its time was over after at least one whole cycle.
 */
export function judgeChurn({ records }: KindEvidence): KindJudgement {
  const last = recordsOf(records, 'churn').at(-1);
  const base = { steps: [], reached: false, doubts: [], provenance: null };
  if (!last) {
    return { ...base, whole: false, missing: ['the guest did not say how far the soak came'] };
  }
  const elapsedMs = Math.round(last.elapsedUs / 1000);
  const rate = elapsedMs > 0 ? (last.cycles * 1000) / elapsedMs : 0;
  const tally: ChurnTally = {
    cycles: last.cycles,
    cyclesPerSecond: Math.round(rate * 100) / 100,
    reads: last.reads,
    busy: last.busy,
    moves: last.moves,
    elapsedMs,
    phase: last.phase,
    over: last.over === 1,
  };
  const whole = tally.over && tally.cycles > 0;
  const cut = `the soak was cut short in "${tally.phase}" after ${churnLine(tally)}`;
  const claim = `no window is claimed of a soak: ${churnLine(tally)}`;
  return { ...base, whole, missing: [whole ? claim : cut], churn: tally };
}
