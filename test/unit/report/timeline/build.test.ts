// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { parseTrace } from '../../../../harness/evidence/trace.js';
import { placeConsole } from '../../../../harness/report/timeline/console.js';
import { stretchesOf } from '../../../../harness/report/timeline/cpu.js';
import { capture } from '../../judge/support.js';
import { timeline } from '../support.js';

const builtin = timeline(capture('builtin'));
const inModule = timeline(capture('in-module'));

describe('the timeline of a real trial', () => {
  it('has a lane for each party, each kernel thread that ran, and the console, in that order', () => {
    expect(inModule.lanes.map((lane) => lane.label)).toEqual(
      expect.arrayContaining([
        'holder',
        'remover',
        'load',
        'kdevtmpfs',
        'kworker/0:2',
        'rcu_preempt',
        'ksoftirqd/0',
      ]),
    );
    const kinds = inModule.lanes.map((lane) => lane.kind);
    expect(kinds.slice(0, 3)).toEqual(['holder', 'remover', 'load']);
    expect(kinds.at(-1)).toBe('console');
    const kthreads = inModule.lanes.filter((lane) => lane.kind === 'kthread');
    expect(kthreads.map((lane) => lane.label)).not.toContain('init');
  });

  it('never has two tasks on the one CPU', () => {
    for (const { segments } of [builtin, inModule]) {
      const runs = segments
        .filter((segment) => segment.is === 'runs')
        .toSorted((a, b) => a.startUs - b.startUs);
      expect(runs.length).toBeGreaterThan(50);
      for (const [at, run] of runs.entries()) {
        expect(run.endUs).toBeGreaterThanOrEqual(run.startUs);
        expect(run.endUs).toBeLessThanOrEqual(runs[at + 1]?.startUs ?? Number.POSITIVE_INFINITY);
      }
    }
  });

  it('shows dmsetup in the lane of the remover, whose process it is', () => {
    const says = builtin.segments.filter((s) => s.lane === 'remover').map((s) => s.says);
    expect(says.some((text) => text.startsWith('dmsetup-115 runs'))).toBe(true);
    expect(says.some((text) => text.startsWith('dmrace-guest-114 runs'))).toBe(true);
  });

  it('has the ten steps where they were proven', () => {
    expect(builtin.steps.map((step) => step.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(builtin.zeroUs).toBe(builtin.steps[0]?.atUs);
    expect(new Set(builtin.steps.map((step) => step.lane))).toEqual(new Set(['holder', 'remover']));
  });

  it('shades the holder from step 7 to step 10, in which it never runs', () => {
    for (const { preempted, steps, segments } of [builtin, inModule]) {
      expect(preempted?.startUs).toBe(steps[6]?.atUs);
      expect(preempted?.endUs).toBe(steps[9]?.atUs);
      const inside = segments.filter(
        (s) =>
          s.lane === 'holder' &&
          s.is === 'runs' &&
          s.startUs >= (preempted?.startUs ?? 0) &&
          s.startUs < (preempted?.endUs ?? 0),
      );
      expect(inside).toEqual([]);
    }
  });

  it('has the unload around module_free, between steps 8 and 9', () => {
    // 11.733680 sys_delete_module, 11.758411 module_free, 11.769876 its return.
    expect(inModule.unload).toEqual({ startUs: 11733680, freedUs: 11758411, endUs: 11769876 });
    expect(inModule.steps[8]?.atUs).toBe(inModule.unload?.endUs);
  });

  it('has the crash of the control in the lane of the holder, and none of the subject', () => {
    expect(builtin.crashes).toEqual([]);
    expect(inModule.crashes).toMatchObject([
      {
        lane: 'holder',
        title: 'BUG: unable to handle kernel paging request in dm_kobject_release',
      },
    ]);
    expect(inModule.console.some((tick) => tick.crash && tick.text.startsWith('BUG: '))).toBe(true);
    expect(builtin.console.some((tick) => tick.crash)).toBe(false);
  });

  it('follows a wake-up to the run of the woken task', () => {
    const seven = builtin.steps[6]?.atUs ?? 0;
    const wake = builtin.wakeups.find((w) => w.toLane === 'remover' && w.runsUs === seven);
    expect(wake).toMatchObject({ fromLane: 'holder' });
    expect(wake?.atUs).toBeGreaterThan(builtin.steps[5]?.atUs ?? 0);
  });

  it('is empty, and no failure, without a trace', () => {
    const bare = timeline({ ...capture('builtin'), trace: '' });
    expect(bare).toMatchObject({ steps: [], segments: [], preempted: null, unload: null });
  });
});

describe('stretches on a CPU', () => {
  const SWITCH =
    '     a b-1  [000] d..2.  1.000100: sched_switch: prev_comm=a b prev_pid=1 prev_prio=49 prev_state=D ==> next_comm=x next_pid=2 next_prio=120\n';
  const WAKING =
    '     x-2  [000] d..2.  1.000200: sched_waking: comm=a b pid=1 prio=49 target_cpu=000\n';
  const BACK =
    '     x-2  [000] d..2.  1.000300: sched_switch: prev_comm=x prev_pid=2 prev_prio=120 prev_state=R+ ==> next_comm=a b next_pid=1 next_prio=49\n';
  it('tell blocked from runnable, and a comm may hold blanks', () => {
    expect(stretchesOf(parseTrace(SWITCH + WAKING + BACK))).toEqual([
      { pid: 1, cpu: 0, startUs: 1000100, endUs: 1000100, is: 'runs', prio: 49 },
      { pid: 1, cpu: 0, startUs: 1000100, endUs: 1000200, is: 'blocked', prio: null },
      { pid: 2, cpu: 0, startUs: 1000100, endUs: 1000300, is: 'runs', prio: 120 },
      { pid: 1, cpu: 0, startUs: 1000200, endUs: 1000300, is: 'ready', prio: null },
      { pid: 1, cpu: 0, startUs: 1000300, endUs: 1000300, is: 'runs', prio: 49 },
      { pid: 2, cpu: 0, startUs: 1000300, endUs: 1000300, is: 'ready', prio: null },
    ]);
  });
});

describe('the console beside the trace', () => {
  const console = new TextEncoder().encode(
    '[    5.000000] one\n[    5.000100] PGD 1 P4D 2\n[    5.000200] three\n',
  );
  const event = (us: string, text: string) => `     a-1  [000] d....  ${us}: console: ${text}\n`;

  it('lies where the trace saw printk print, whatever the stamps say', () => {
    const trace = parseTrace(
      event('7.000010', 'one') + event('7.000500', 'PGD 1 ') + event('7.000510', 'P4D 2'),
    );
    const placed = placeConsole(console, [], trace);
    expect(placed.exact).toBe(true);
    expect(placed.ticks.map((tick) => tick.atUs)).toEqual([7000010, 7000500, 7000600]);
  });

  it('keeps its own stamps, and says so, when the trace has no printk', () => {
    const placed = placeConsole(
      console,
      [],
      parseTrace('     a-1  [000] d....  5.000050: got: x\n'),
    );
    expect(placed.exact).toBe(false);
    expect(placed.ticks.map((tick) => tick.atUs)).toEqual([5000000, 5000100, 5000200]);
  });
});
