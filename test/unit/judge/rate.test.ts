// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { wilson } from '../../../harness/judge/rate.js';

// Values of R's prop.test(x, n, correct = FALSE)$conf.int and of the closed form for x = 0.
it.each([
  [0, 10, 0, 0.2775],
  [10, 10, 0.7225, 1],
  [5, 10, 0.2366, 0.7634],
  [1, 100, 0.0018, 0.0545],
  [0, 0, 0, 1],
])('%i of %i', (times, of, low, high) => {
  const rate = wilson(times, of);
  expect(rate).toMatchObject({ times, of });
  expect(rate.low).toBeCloseTo(low, 4);
  expect(rate.high).toBeCloseTo(high, 4);
});
