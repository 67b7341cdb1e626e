// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { RunOptions } from '../../../harness/cli/options.js';

describe('--duration', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    [30, 30_000],
  ])('%s is %i ms', (duration, ms) => {
    expect(RunOptions.parse({ duration }).duration).toBe(ms);
  });

  it.each(['', '0', '1.5', '-3', 'ten', '5d', '25h', 's'])('"%s" is none', (duration) => {
    expect(RunOptions.safeParse({ duration }).success).toBe(false);
  });

  it('and --trials are the scenario’s when they are not given', () => {
    expect(RunOptions.parse({})).not.toHaveProperty('trials');
    expect(RunOptions.parse({})).not.toHaveProperty('duration');
  });
});
