// SPDX-License-Identifier: MIT
import type { Rate } from '../model/verdict.js';

/** 97.5th percentile of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval (E. B. Wilson, JASA 22, 1927): unlike the textbook's normal
 * approximation it holds for few trials and for rates of 0 and 1. Of no trials nothing is known.
 */
export function wilson(times: number, of: number): Rate {
  if (of === 0) return { times, of, low: 0, high: 1 };
  const p = times / of;
  const z2 = Z * Z;
  const middle = p + z2 / (2 * of);
  const half = Z * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  const scale = 1 + z2 / of;
  return {
    times,
    of,
    low: times === 0 ? 0 : (middle - half) / scale,
    high: times === of ? 1 : (middle + half) / scale,
  };
}
