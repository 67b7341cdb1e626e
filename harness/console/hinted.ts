// SPDX-License-Identifier: MIT
import { KERNEL_HINT } from './logged-kernel.js';
import { MODULE_HINT } from './logged-modules.js';
import { buildPrefilter } from './prefilter.js';
import type { Recogniser } from './recogniser.js';
import { RECOGNISERS } from './recognisers/index.js';
import { SHOW_HINTS } from './shown.js';

/** What opens a report before its head: the line of WARN and BUG, and of arm since v5.0. */
const CUT_HERE = 'cut here ]---';
/**
 * The filter looks for the beginnings of the hints: few enough states to number in 16 bits, so that
 * its table stays in a CPU's second cache. What it lets through is looked at more closely anyway.
 */
const cut = (hint: string): string => hint.slice(0, 9);
/** The filter over every line: what a line needs to be looked at. */
export const FILTER = buildPrefilter([
  ...new Set(
    [...RECOGNISERS.flatMap((r) => r.hints), ...SHOW_HINTS, CUT_HERE, KERNEL_HINT, MODULE_HINT].map(
      cut,
    ),
  ),
]);

/** What a line may be, by what of the filter was met in it. */
export interface Hinted {
  /** Whose head it may be. */
  readonly recognisers: readonly Recogniser[];
  /** Whether it may be a `cut here`. */
  readonly cut: boolean;
  /** Whether it may say which kernel booted. */
  readonly banner: boolean;
  /** Whether it may list a module. */
  readonly module: boolean;
}

/** Strings of the filter that are noted of one line. */
export const MAX_HITS = 16;
const CACHE = new Map<string | number, Hinted>();
const MAX_CACHE = 1024;
/** A line in which more was met than is noted. */
const ANYTHING: Hinted = {
  recognisers: RECOGNISERS,
  cut: true,
  banner: true,
  module: true,
};

/** What a line may be that has these states of the filter's as hits. */
export function hinted(hits: readonly number[]): Hinted {
  if (hits.length >= MAX_HITS) return ANYTHING;
  // States have 16 bits.
  const [first = 0, second = 0] = hits;
  const key = hits.length <= 2 ? first * 0x10000 + second : hits.join();
  const known = CACHE.get(key);
  if (known !== undefined) return known;
  const met = new Set(hits.flatMap((hit) => FILTER.endsIn.get(hit) ?? []));
  const some = (hints: readonly string[]): boolean => hints.some((hint) => met.has(cut(hint)));
  const found: Hinted = {
    recognisers: RECOGNISERS.filter(({ hints }) => some(hints)),
    cut: some([CUT_HERE]),
    banner: some([KERNEL_HINT]),
    module: some([MODULE_HINT]),
  };
  if (CACHE.size >= MAX_CACHE) CACHE.clear();
  CACHE.set(key, found);
  return found;
}
