// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { parseTrace } from '../../../harness/evidence/trace.js';
import type { SweepTrial } from '../../../harness/model/sweep.js';
import { sweepTrial, waitsIn } from '../../../harness/recipes/sweep.js';
import { capture, recordsOfTrial } from '../judge/support.js';
import { windowIn } from './support.js';

const files = capture('builtin');
const records = recordsOfTrial(files);
const pid = (party: string): number =>
  records.flatMap((r) => (r.kind === 'scheduler' && r.party === party ? [r.pid] : []))[0] ?? 0;
const holder = records.flatMap((r) => (r.kind === 'hold' ? [r.pid] : []))[0] ?? 0;

const judged = (asked: number | 'after', trace = files.trace): SweepTrial => {
  const seen = { events: parseTrace(trace), records, fatalRun: null, module: 'dm_mod' };
  return sweepTrial(asked, seen, windowIn('builtin', trace, records).steps);
};

const lines = files.trace.split('\n');
/** Lines at which the remover or dmsetup goes to sleep after step 7. */
const blocks = judged('after').blocks.map(({ atUs }) => {
  const time = `${Math.floor(atUs / 1e6)}.${String(atUs % 1e6).padStart(6, '0')}`;
  return lines.findIndex((line) => line.includes(`${time}: sched_switch: `));
});

const switchTo = (next: number): string =>
  `   kworker/0:2-45      [000] d..2.     3.990000: sched_switch: prev_comm=kworker/0:2 prev_pid=45 prev_prio=69 prev_state=R+ ==> next_comm=x next_pid=${next} next_prio=64`;
const returned = `dmrace-guest-${holder}     [000] ...1.     3.990001: sys_ioctl -> 0x0`;
const inserted = (after: number, ...more: string[]): string =>
  lines.toSpliced(after + 1, 0, ...more).join('\n');

describe('a trial of a sweep', () => {
  it('finds where the remover blocked: who, when and in which phase', () => {
    const { blocks: found, ranAt, missed } = judged('after');
    expect(ranAt).toBe('after');
    expect(missed).toBeNull();
    expect(found.length).toBeGreaterThan(3);
    expect(found.map((block) => block.number)).toEqual(found.map((_, index) => index + 1));
    expect(found[0]).toMatchObject({ who: 'dmsetup', phase: 'removal' });
    expect(found.at(-1)).toMatchObject({ who: 'remover' });
    const times = found.map((block) => block.atUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('a block that was asked for and did not get the holder is missed', () => {
    expect(judged(2)).toMatchObject({
      ranAt: 'after',
      missed: 'the holder ran after the unload, not at block 2',
    });
  });

  it('is hit when the holder ran at that block and was through before the remover went on', () => {
    const trace = inserted(blocks[1] ?? -1, switchTo(holder), returned);
    expect(judged(2, trace)).toMatchObject({ ranAt: 2, missed: null });
  });

  it('is missed when the holder ran at another block', () => {
    const trace = inserted(blocks[1] ?? -1, switchTo(holder), returned);
    expect(judged(3, trace).missed).toBe('the holder ran at block 2, not at 3');
  });

  it('is missed when the remover went on before the holder had returned', () => {
    const trace = inserted(blocks[1] ?? -1, switchTo(holder), switchTo(pid('dmsetup')), returned);
    expect(judged(2, trace).missed).toBe('the remover went on before the holder had returned');
  });

  it('is missed when the remover was awake again before the holder ran', () => {
    const trace = inserted(blocks[1] ?? -1, switchTo(pid('dmsetup')), switchTo(holder), returned);
    expect(judged(2, trace).missed).toBe('the remover was awake again before the holder ran');
  });

  it('counts for nothing without step 7', () => {
    expect(judged(1, '')).toMatchObject({ missed: 'step 7 was not proven', blocks: [] });
  });
});

describe('what is waited for', () => {
  it.each([
    [
      [
        'schedule+0x5a/0xc0',
        'schedule_timeout+0x11e/0x160',
        'wait_for_completion+0x8a/0x160',
        '__wait_rcu_gp+0x10b/0x120',
      ],
      '__wait_rcu_gp',
    ],
    [
      ['__schedule+0x1/0x2', 'schedule+0x1/0x2', 'synchronize_rcu_expedited+0x2/0x3'],
      'synchronize_rcu_expedited',
    ],
    [['__flush_work.isra.0+0x179/0x250'], '__flush_work'],
    [[], '?'],
  ])('%j is %s', (stack, name) => {
    expect(waitsIn(stack)).toBe(name);
  });
});
