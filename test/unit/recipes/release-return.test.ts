// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { COMPARED_PLACEMENTS } from '../../../harness/model/placement.js';
import { schedulingProblems } from '../../../harness/recipes/release-return.js';
import { capture, recordsOfTrial } from '../judge/support.js';
import { windowIn } from './support.js';

describe.each(COMPARED_PLACEMENTS)('the window of the real trial of %s', (placement) => {
  const files = capture(placement);
  const records = recordsOfTrial(files);

  it('is reached, its method where the placement says, nothing doubtful', () => {
    expect(windowIn(placement, files.trace, records)).toMatchObject({
      reached: true,
      missing: [],
      provenance: {
        symbol: 'dm_kobject_release',
        module: placement === 'builtin' ? '' : 'dm_mod',
      },
    });
    expect(schedulingProblems(records)).toEqual([]);
  });

  it('proves nothing without the records of who is who', () => {
    expect(windowIn(placement, files.trace, [])).toMatchObject({ reached: false, steps: [] });
    expect(
      windowIn(
        placement,
        files.trace,
        records.filter((r) => r.kind !== 'hold'),
      ).missing[0],
    ).toMatch(/"hold"/);
    expect(
      windowIn(
        placement,
        files.trace,
        records.filter((r) => r.kind !== 'scheduler'),
      ).missing[0],
    ).toMatch(/"scheduler"/);
    expect(
      windowIn(
        placement,
        files.trace,
        records.filter((r) => r.kind !== 'scheduler' || r.party !== 'dmsetup'),
      ).reached,
    ).toBe(false);
  });

  it('proves nothing without a trace', () => {
    expect(windowIn(placement, '', records)).toMatchObject({
      reached: false,
      missing: ['there is no trace'],
    });
    expect(windowIn(placement, '# tracer: nop\n#\n', records).reached).toBe(false);
  });
});

describe('the scheduling of the parties', () => {
  const records = recordsOfTrial(capture('builtin'));

  it('is right in the real trial', () => {
    expect(schedulingProblems(records)).toEqual([]);
  });

  it.each([
    ['holder', 'SCHED_OTHER', 'holder is SCHED_OTHER, not SCHED_IDLE'],
    ['load', 'SCHED_IDLE', 'load is SCHED_IDLE, not SCHED_FIFO'],
    ['remover', 'SCHED_RR', 'remover is SCHED_RR, not SCHED_FIFO'],
  ])('is wrong when %s is %s', (party, policy, says) => {
    const changed = records.map((record) =>
      record.kind === 'scheduler' && record.party === party ? { ...record, policy } : record,
    );
    expect(schedulingProblems(changed)).toEqual([says]);
  });

  it('is unknown without a record', () => {
    const left = records.filter((record) => record.kind !== 'scheduler');
    expect(schedulingProblems(left)).toEqual([
      'holder is unknown, not SCHED_IDLE',
      'load is unknown, not SCHED_FIFO',
      'remover is unknown, not SCHED_FIFO',
    ]);
  });
});
