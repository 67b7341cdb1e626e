// SPDX-License-Identifier: MIT
import type { ChurnTally } from '../model/churn.js';
import { recordsOf } from '../model/record.js';
import type { ResultOf } from '../model/trial.js';
import { WATCHED_GUEST } from './delayed.js';
import { count, type Evidence, type Judgement, type Recipe } from './recipe.js';

/** What a soak did, in one line. */
const churnLine = (tally: ChurnTally): string =>
  `${tally.cycles} cycles in ${(tally.elapsedMs / 1000).toFixed(1)} s (${tally.cyclesPerSecond} a second), ${tally.reads} attributes read`;

/**
 * A soak never reaches a window: it opens none on purpose and proves none. It survives when its time
 * was over after at least one whole cycle.
 */
function judge({ records }: Evidence<'soak'>): Judgement<'soak'> {
  const last = recordsOf(records, 'churn').at(-1);
  const base = { steps: [], reached: false, foreign: [], doubts: [], provenance: null };
  if (!last) {
    const missing = ['the guest did not say how far the soak came'];
    return { ...base, whole: false, missing, detail: { churn: null } };
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
  return { ...base, whole, missing: [whole ? claim : cut], detail: { churn: tally } };
}

const talliesOf = (trials: readonly ResultOf<'soak'>[]): ChurnTally[] =>
  trials.flatMap(({ churn }) => churn ?? []);

const sumOf = (tallies: readonly ChurnTally[], value: (tally: ChurnTally) => number): number =>
  tallies.reduce((sum, tally) => sum + value(tally), 0);

/** A soak speaks against `closed`, however long it was. */
function doubts(subject: readonly ResultOf<'soak'>[]): string[] {
  const soaks = talliesOf(subject);
  const cycles = sumOf(soaks, (tally) => tally.cycles);
  const ms = sumOf(soaks, (tally) => tally.elapsedMs);
  const rate = ms > 0 ? ((cycles * 1000) / ms).toFixed(1) : '0';
  return [
    `${cycles} cycles in ${(ms / 1000).toFixed(1)} s (${rate} a second) of ${count(subject.length, 'soak')}: a soak claims no window, so its silence proves nothing`,
  ];
}

/** What happened, which no verdict says. */
function sentence(trials: readonly ResultOf<'soak'>[]): string | null {
  const soaks = talliesOf(trials);
  if (soaks.length === 0) return null;
  const crashed = trials.filter(({ outcome }) => outcome === 'crashed').length;
  return crashed > 0
    ? `The soak found a crash in ${crashed} of ${count(trials.length, 'trial')}, but claims no window.`
    : `No crash in ${sumOf(soaks, (tally) => tally.cycles)} cycles of a soak, which claims no window.`;
}

/**
 * Device and module come and go for a while, with readers and load around them. It opens no window on
 * purpose, so silence proves nothing; its findings do.
 */
export const soak: Recipe<'soak'> = {
  name: 'soak',
  guest: WATCHED_GUEST,
  cpus: 1,
  word: 'trial',
  command: ({ durationMs }) => [`ms=${durationMs}`],
  extraMs: ({ durationMs }) => durationMs,
  // A crash may be the first of several: the guest ends by itself when it is stuck.
  endsByCrash: false,
  judge,
  verdict: {
    doubts,
    facts: () => [],
    repeats: () => [],
    sentence,
    remedies: [
      { words: '--duration 10m', why: 'a longer soak' },
      { instead: 'run', why: 'the race itself, with its window proven' },
    ],
  },
  table: {
    head: ['soak', 'cycles', 'a second', 'seconds', 'attributes read', 'tried again', 'then'],
    noun: 'soak',
    row: ({ placement, index, outcome, churn }) =>
      churn && [
        `${placement} ${index}`,
        churn.cycles,
        churn.cyclesPerSecond.toFixed(1),
        (churn.elapsedMs / 1000).toFixed(1),
        churn.reads,
        churn.busy,
        churn.over ? outcome : `cut short in ${churn.phase}: ${outcome}`,
      ],
  },
};
