// SPDX-License-Identifier: GPL-2.0-only
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMine, shardOf, shareOf } from '../../../harness/runs/shard.js';

describe('a shard', () => {
  it.each([
    [undefined, {}, null],
    ['2/3', {}, { number: 2, of: 3 }],
    ['index/3', { JOB_COMPLETION_INDEX: '0' }, { number: 1, of: 3 }],
    [undefined, { JOB_COMPLETION_INDEX: '2', DMRACE_SHARDS: '3' }, { number: 3, of: 3 }],
    [undefined, { JOB_COMPLETION_INDEX: '2' }, null],
    ['1/3', { JOB_COMPLETION_INDEX: '2', DMRACE_SHARDS: '5' }, { number: 1, of: 3 }],
  ])('%s with %o is %o', (flag, env, shard) => {
    expect(shardOf(flag, env)).toEqual(shard);
  });

  it.each([
    ['0/3', {}],
    ['4/3', {}],
    ['1/0', {}],
    ['1', {}],
    ['a/b', {}],
    ['index/3', {}],
    ['index/3', { JOB_COMPLETION_INDEX: '3' }],
    ['index/3', { JOB_COMPLETION_INDEX: 'x' }],
  ])('%s with %o is refused', (flag, env) => {
    expect(() => shardOf(flag, env)).toThrow(/--shard .* is no shard/);
  });

  it('all of them together are the whole, each trial once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (of, trials) => {
          const shards = Array.from({ length: of }, (_, i) => ({ number: i + 1, of }));
          for (let index = 0; index < trials; index++) {
            expect(shards.filter((shard) => isMine({ index }, shard))).toHaveLength(1);
          }
          for (const shard of shards) {
            const mine = Array.from({ length: trials }, (_, index) => index).filter((index) =>
              isMine({ index }, shard),
            );
            expect(shareOf(trials, shard)).toBe(mine.length);
          }
        },
      ),
    );
  });
});
