// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { addressField, field, numberField, parseTrace } from '../../../harness/evidence/trace.js';
import { capture } from '../judge/support.js';

const one = (line: string) => {
  const events = parseTrace(`${line}\n`);
  expect(events).toHaveLength(1);
  const [event] = events;
  if (!event) throw new Error('no event');
  return event;
};

describe('one line of the trace', () => {
  it('has a task, a processor, flags and a time in microseconds', () => {
    const event = one(
      '    dmrace-guest-112     [000] dNh4.    11.654973: sched_waking: comm=dmrace-guest pid=113 prio=79 target_cpu=000',
    );
    expect(event).toMatchObject({
      comm: 'dmrace-guest',
      pid: 112,
      cpu: 0,
      flags: 'dNh4.',
      us: 11_654_973,
      name: 'sched_waking',
      text: 'comm=dmrace-guest pid=113 prio=79 target_cpu=000',
      stack: [],
    });
    expect(event.line).toMatch(/^dmrace-guest-112 {5}\[000\]/);
  });

  it.each([
    ['          <idle>-0       [000] d.s4.     5.868372: sched_waking: comm=a', '<idle>', 0, 0],
    [
      '     kworker/0:2-45      [003] D..3.     5.862160: sched_waking: comm=a',
      'kworker/0:2',
      45,
      3,
    ],
    ['           <...>-77      [012] d..2.     5.862160: sched_waking: comm=a', '<...>', 77, 12],
    [
      '  kdmflush/254:0-108     [000] .....     5.864847: sched_waking: a',
      'kdmflush/254:0',
      108,
      0,
    ],
    ['       a-12-b 3-9999999 [000] .....     5.864847: sched_waking: a', 'a-12-b 3', 9_999_999, 0],
    [' sixteen_columns-1       [000] .....     5.864847: sched_waking: a', 'sixteen_columns', 1, 0],
  ])('names the task of %s', (line, comm, pid, cpu) => {
    expect(one(line)).toMatchObject({ comm, pid, cpu });
  });

  it('reads times of days without losing a microsecond', () => {
    expect(one('   init-1       [000] ..... 86400.000001: module_free: dm_mod').us).toBe(
      86_400_000_001,
    );
  });

  it('reads a system call and its end', () => {
    expect(
      one(
        '         dmsetup-115     [000] ...1.     5.860089: sys_ioctl(fd: 3, cmd: c138fd04, arg: 5648801c0b10)',
      ),
    ).toMatchObject({ name: 'sys_ioctl:enter', text: 'fd: 3, cmd: c138fd04, arg: 5648801c0b10' });
    expect(
      one(
        '    dmrace-guest-114     [000] ...1.     5.931963: sys_delete_module -> 0xfffffffffffffff5',
      ),
    ).toMatchObject({ name: 'sys_delete_module:exit', text: '0xfffffffffffffff5' });
  });

  it('reads a probe', () => {
    const event = one(
      '         dmsetup-115     [000] .....     5.877555: wait_for_completion: (wait_for_completion+0x0/0x20 <ffffffff81a120e0>) completion=0xffff888005762a70 refcnt=1',
    );
    expect(event.name).toBe('wait_for_completion');
    expect(addressField(event, 'completion')).toBe('ffff888005762a70');
    expect(numberField(event, 'refcnt')).toBe(1);
  });

  it('reads an event without fields', () => {
    expect(one('   init-1       [000] .....     1.000000: marker')).toMatchObject({
      name: 'marker',
      text: '',
    });
  });

  it.each([
    '# tracer: nop',
    '#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION',
    'CPU:0 [LOST 5 EVENTS]',
    '',
    '    dmrace-guest-112     [000] dNh4.    11.65',
    'no trace at all',
  ])('skips "%s"', (line) => {
    expect(parseTrace(line)).toEqual([]);
  });
});

describe('fields', () => {
  const event = one(
    '    dmrace-guest-112     [000] d..2.     5.881191: sched_switch: prev_comm=dmrace-guest prev_pid=112 prev_prio=120 prev_state=R+ ==> next_comm=x next_pid=115 next_prio=-1',
  );
  it('are found by their whole name', () => {
    expect(field(event, 'prev_state')).toBe('R+');
    expect(field(event, 'next_pid')).toBe('115');
    expect(field(event, 'pid')).toBeNull();
    expect(field(event, 'comm')).toBeNull();
  });
  it('are numbers only when they are', () => {
    expect(numberField(event, 'next_prio')).toBe(-1);
    expect(numberField(event, 'prev_state')).toBeNull();
    expect(numberField(event, 'missing')).toBeNull();
    expect(addressField(event, 'missing')).toBeNull();
  });
});

describe('stacks', () => {
  it('belong to the event before them, innermost first', () => {
    const events = parseTrace(
      [
        '    dmrace-guest-112     [000] d..2.     5.881191: sched_switch: prev_pid=112',
        '    dmrace-guest-112     [000] d..2.     5.881286: <stack trace>',
        ' => __schedule+0x4f8/0xa00 <ffffffff81a10fe8>',
        ' => helper_ioctl+0x19c/0x200 [dmrace_helper] <ffffffffc027337c>',
        ' => 0xffffffffc023389e',
        '         dmsetup-115     [000] d..3.     5.881841: sched_waking: comm=kworker/0:2',
      ].join('\n'),
    );
    expect(events.map((event) => event.stack)).toEqual([
      [
        { symbol: '__schedule+0x4f8/0xa00', address: 'ffffffff81a10fe8' },
        { symbol: 'helper_ioctl+0x19c/0x200 [dmrace_helper]', address: 'ffffffffc027337c' },
        { symbol: '0xffffffffc023389e', address: '' },
      ],
      [],
    ]);
  });

  it('belong to the event before them on their own processor', () => {
    // As 6.1 printed it on two processors: the other one switched before the stack was recorded.
    const events = parseTrace(
      [
        '    dmrace-guest-129     [000] d..2.    17.960172: sched_switch: prev_comm=dmrace-guest prev_pid=129 prev_prio=120 prev_state=R+ ==> next_comm=dmsetup next_pid=127 next_prio=49',
        '          <idle>-0       [001] d..2.    17.960180: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=rcu_preempt next_pid=15 next_prio=69',
        '     rcu_preempt-15      [001] d..2.    17.960325: sched_switch: prev_comm=rcu_preempt prev_pid=15 prev_prio=69 prev_state=I ==> next_comm=swapper/1 next_pid=0 next_prio=120',
        '    dmrace-guest-129     [000] d..2.    17.962042: <stack trace>',
        ' => _raw_spin_unlock_irqrestore+0x2c/0x40 <ffffffff81a1814c>',
        ' => kobject_put+0x8a/0x1d0 <ffffffff819a4a5a>',
      ].join('\n'),
    );
    expect(events.map(({ stack }) => stack.map(({ symbol }) => symbol))).toEqual([
      ['_raw_spin_unlock_irqrestore+0x2c/0x40', 'kobject_put+0x8a/0x1d0'],
      [],
      [],
    ]);
  });

  it('without an event of their own before them are skipped', () => {
    const entry = ' => __schedule+0x4f8/0xa00 <ffffffff81a10fe8>';
    expect(parseTrace(entry)).toEqual([]);
    const [other] = parseTrace(
      [
        '         dmsetup-115     [001] d..3.     5.881841: sched_waking: comm=kworker/0:2',
        '    dmrace-guest-112     [000] d..2.     5.881286: <stack trace>',
        entry,
      ].join('\n'),
    );
    expect(other?.stack).toEqual([]);
  });
});

describe('a whole trace', () => {
  it.each(['builtin', 'in-module'] as const)('of %s is understood line by line', (placement) => {
    const { trace } = capture(placement);
    const lines = trace.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const events = parseTrace(trace);
    const entries = events.reduce((sum, event) => sum + event.stack.length, 0);
    const heads = lines.filter((line) => line.includes('<stack trace>')).length;
    expect(events.length + entries + heads).toBe(lines.length);
    expect(events.every((event, at) => at === 0 || event.us >= (events[at - 1]?.us ?? 0))).toBe(
      true,
    );
    for (const event of events) {
      for (const entry of event.stack) expect(entry.address).toMatch(/^[0-9a-f]{16}$/);
    }
  });
});
