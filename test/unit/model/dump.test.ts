// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { DumpBudget } from '../../../harness/model/dump.js';

const MIB = 1024 ** 2;

describe('what a run may dump', () => {
  it('is three of each distinct crash', () => {
    const budget = new DumpBudget();
    const granted = ['a', 'a', 'a', 'a', 'b'].map((crash) => budget.claim(crash, MIB).granted);
    expect(granted).toEqual([true, true, true, false, true]);
    expect(budget.claim('a', MIB)).toEqual({
      granted: false,
      why: 'there are 3 dumps of this crash already',
    });
  });

  it('is 1 GiB in all', () => {
    const budget = new DumpBudget();
    const granted = [0, 1, 2, 3, 4, 5].map((n) => budget.claim(`${n}`, 196 * MIB).granted);
    expect(granted).toEqual([true, true, true, true, true, false]);
    expect(budget.claim('x', 196 * MIB)).toEqual({
      granted: false,
      why: 'the run has 980 MiB of dumps, this one has 196 (limit: 1024 MiB)',
    });
    expect(budget.claim('small', 44 * MIB).granted).toBe(true);
  });

  it('is given back once by whoever did not use it', () => {
    const budget = new DumpBudget({ each: 1, bytes: 10 });
    const first = budget.claim('a', 10);
    if (!first.granted) throw new Error(first.why);
    expect(budget.claim('a', 1).granted).toBe(false);
    first.give();
    first.give();
    expect(budget.claim('a', 10).granted).toBe(true);
    expect(budget.claim('b', 1).granted).toBe(false);
  });
});
