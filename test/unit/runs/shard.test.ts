// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMine, shardOf, shareOf } from '../../../harness/runs/shard.js';

/** What Slurm sets in job `id` of `--array=min-...` with `count` jobs. */
const slurm = (id: string, min: string, count: string, step = '1') => ({
  SLURM_ARRAY_TASK_ID: id,
  SLURM_ARRAY_TASK_MIN: min,
  SLURM_ARRAY_TASK_COUNT: count,
  SLURM_ARRAY_TASK_STEP: step,
});

describe('a shard', () => {
  it.each([
    [undefined, {}, null],
    ['2/3', {}, { number: 2, of: 3 }],
    ['index/3', { JOB_COMPLETION_INDEX: '0' }, { number: 1, of: 3 }],
    [undefined, { JOB_COMPLETION_INDEX: '2', DMRACE_SHARDS: '3' }, { number: 3, of: 3 }],
    [undefined, { JOB_COMPLETION_INDEX: '2' }, null],
    ['1/3', { JOB_COMPLETION_INDEX: '2', DMRACE_SHARDS: '5' }, { number: 1, of: 3 }],
    ['index/8', slurm('0', '0', '8'), { number: 1, of: 8 }],
    ['index/8', slurm('107', '100', '8'), { number: 8, of: 8 }],
    ['index/3', slurm('4', '0', '3', '2'), { number: 3, of: 3 }],
    ['index/4', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '4' }, { number: 1, of: 4 }],
    ['index/4', { CI_NODE_INDEX: '4', CI_NODE_TOTAL: '4' }, { number: 4, of: 4 }],
    ['slurm/8', { ...slurm('3', '0', '8'), JOB_COMPLETION_INDEX: '0' }, { number: 4, of: 8 }],
    ['kubernetes/2', { ...slurm('3', '0', '8'), JOB_COMPLETION_INDEX: '0' }, { number: 1, of: 2 }],
    [
      'gitlab/2',
      { CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2', JOB_COMPLETION_INDEX: '0' },
      { number: 2, of: 2 },
    ],
    // GitLab sets CI_NODE_TOTAL in every job.
    ['index/3', { JOB_COMPLETION_INDEX: '0', CI_NODE_TOTAL: '1' }, { number: 1, of: 3 }],
  ])('%s with %o is %o', (flag, env, shard) => {
    expect(shardOf(flag, env)).toEqual(shard);
  });

  it.each([
    // Out of range.
    ['0/3', {}, '--shard 0/3'],
    ['4/3', {}, '--shard 4/3'],
    ['1/0', {}, '--shard 1/0'],
    ['index/3', { JOB_COMPLETION_INDEX: '3' }, 'JOB_COMPLETION_INDEX=3'],
    ['index/8', slurm('9', '1', '8'), 'SLURM_ARRAY_TASK_ID=9, SLURM_ARRAY_TASK_MIN=1'],
    ['index/8', slurm('0', '1', '8'), 'SLURM_ARRAY_TASK_ID=0'],
    // --array=0,1,7 has three jobs, whose ids do not follow each other.
    ['index/3', slurm('7', '0', '3'), 'SLURM_ARRAY_TASK_ID=7'],
    ['index/3', slurm('3', '0', '3', '2'), 'SLURM_ARRAY_TASK_STEP=2'],
    ['index/4', { CI_NODE_INDEX: '0', CI_NODE_TOTAL: '4' }, 'CI_NODE_INDEX=0'],
    // Not what it should be.
    ['1', {}, '--shard 1 '],
    ['a/b', {}, '--shard a/b'],
    ['nomad/3', {}, 'kubernetes/N, slurm/N, gitlab/N'],
    ['index/3', { JOB_COMPLETION_INDEX: 'x' }, 'JOB_COMPLETION_INDEX=x'],
    ['index/3', { JOB_COMPLETION_INDEX: '' }, 'JOB_COMPLETION_INDEX='],
    ['index/3', { JOB_COMPLETION_INDEX: '-1' }, 'JOB_COMPLETION_INDEX=-1'],
    // Absent.
    ['index/3', {}, 'none of JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, CI_NODE_INDEX'],
    [undefined, { DMRACE_SHARDS: '3' }, 'DMRACE_SHARDS=3 with none of'],
    ['slurm/3', { JOB_COMPLETION_INDEX: '0' }, 'SLURM_ARRAY_TASK_ID not set'],
    ['index/3', { SLURM_ARRAY_TASK_ID: '0' }, 'SLURM_ARRAY_TASK_MIN not set'],
    ['index/3', { CI_NODE_INDEX: '1' }, 'CI_NODE_TOTAL not set'],
    // The engine has another number of jobs.
    ['index/8', slurm('3', '3', '1'), 'SLURM_ARRAY_TASK_COUNT=1'],
    ['index/4', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '5' }, 'CI_NODE_TOTAL=5'],
    // Ambiguous.
    [
      'index/8',
      { ...slurm('3', '0', '8'), CI_NODE_INDEX: '1' },
      'SLURM_ARRAY_TASK_ID=3 and CI_NODE_INDEX=1',
    ],
  ])('%s with %o is refused', (flag, env, fact) => {
    const ask = (): unknown => shardOf(flag, env);
    expect(ask).toThrow(/^(--shard|DMRACE_SHARDS=).* is no shard\n {2}/);
    expect(ask).toThrow(fact);
  });

  it('of two engines one can be named', () => {
    const env = { SLURM_ARRAY_TASK_ID: '3', JOB_COMPLETION_INDEX: '1' };
    expect(() => shardOf('index/8', env)).toThrow('--shard kubernetes/8 or --shard slurm/8');
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
