// SPDX-License-Identifier: GPL-2.0-only
import type { Delay, TrialResult } from '../model/trial.js';

/** lib/kobject.c, kobject_release(), with CONFIG_DEBUG_KOBJECT_RELEASE, as in v6.1 and v6.12. */
const DELAYED = /kobject: '([^']*)' \(+[^)]*\)+: kobject_release, parent \S+ \(delayed (\d+)\)/g;

/**
 * Four delays are possible for each kobject, so fewer of them can be the same in two trials by
 * chance: 8 kobjects are, in one pair of trials of 65,536.
 */
const TELLING = 8;

/** The delays that the kernel drew, as its console tells them, in its order. */
export function delaysOf(console: Uint8Array): Delay[] {
  const text = Buffer.from(console).toString('latin1');
  return [...text.matchAll(DELAYED)].map(([, kobject = '', jiffies]) => ({
    kobject,
    jiffies: Number(jiffies),
  }));
}

/**
 * Trials in which the kernel drew the very same delays: guests of one saved state whose random
 * numbers were not renewed. They are one observation, however many they are.
 * @returns one reason for each group of them.
 */
export function repeatedDelays(trials: readonly TrialResult[]): string[] {
  const groups = new Map<string, number[]>();
  for (const { index, delays = [] } of trials) {
    if (delays.length < TELLING) continue;
    const key = JSON.stringify(delays);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()]
    .filter((same) => same.length > 1)
    .map(
      (same) =>
        `trials ${same.join(', ')} drew the same random delays: they are one observation, not ${same.length}`,
    );
}
