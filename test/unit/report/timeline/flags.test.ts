// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spread } from '../../../../harness/report/timeline/flags.js';

describe('spread', () => {
  it('leaves what has room where it is', () => {
    expect(spread([10, 50, 90], 18, [0, 100])).toEqual([10, 50, 90]);
  });

  it('centres what is crowded', () => {
    expect(spread([50, 50, 50], 10, [0, 100])).toEqual([40, 50, 60]);
  });

  it('never lets two touch nor one leave the picture, when there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 10 }), (places) => {
        const put = spread(
          places.toSorted((a, b) => a - b),
          18,
          [10, 390],
        );
        expect(put).toHaveLength(places.length);
        for (const [at, place] of put.entries()) {
          expect(place).toBeGreaterThanOrEqual(10 - 1e-6);
          expect(place).toBeLessThanOrEqual(390 + 1e-6);
          if (at > 0) expect(place - (put[at - 1] ?? 0)).toBeGreaterThanOrEqual(18 - 1e-6);
        }
      }),
    );
  });
});
