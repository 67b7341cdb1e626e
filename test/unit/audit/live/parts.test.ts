// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { joined, nextProof } from '../../../../harness/audit/live/again.js';
import { visitCommand } from '../../../../harness/audit/live/command.js';
import { moduleName } from '../../../../harness/audit/live/names.js';
import { faultOfCrash } from '../../../../harness/audit/live/observations.js';
import { visitOf } from '../../../../harness/audit/live/visit.js';
import { captured, exercise, visited } from './support.js';

describe('what the guest is told', () => {
  const order = {
    number: 3,
    module: 'tun',
    exercise: null,
    delay: true,
    hold: true,
    prove: 6,
    proveFrom: 0,
    limitMs: 20_000,
    settleMs: 0,
    fifo: false,
  };

  it('ends with go, and has no line break inside of a line', () => {
    const create = ['echo "100%"\nsleep 1', 'ä=b'];
    const lines = visitCommand({ ...order, exercise: exercise({ module: 'tun', create }) });
    expect(lines.at(-1)).toBe('go');
    const told = lines.filter((line) => line.startsWith('create='));
    expect(told.map((line) => decodeURIComponent(line.slice('create='.length)))).toEqual(create);
    expect(told[0]).toBe('create=echo%20%22100%25%22%0Asleep%201');
    expect(lines.every((line) => /^[\x21-\x7e]+$/.test(line))).toBe(true);
  });

  it('of a module without an exercise', () => {
    expect(visitCommand(order)).toEqual([
      ...['visit=3', 'module=tun', 'delay=1', 'hold=1', 'prove=6'],
      ...['prove-from=0', 'limit-ms=20000', 'settle-ms=0', 'fifo=0', 'go'],
    ]);
  });
});

it('names of modules as /proc/modules has them', () => {
  expect(moduleName('kernel/sound/drivers/snd-aloop.ko.xz')).toBe('snd_aloop');
  expect(moduleName('/tmp/x.ko')).toBe('x');
});

describe('what was at fault in a crash that nobody asked for', () => {
  const frame = (symbol: string) => ({ symbol, reliable: true });
  it.each([
    ['rcu-callback', ['rcu_do_batch', 'rcu_core', 'handle_softirqs']],
    ['timer', ['call_timer_fn', '__run_timers']],
    ['work', ['process_one_work', 'worker_thread', 'kthread']],
    ['disk-fops', ['disk_release', 'device_release', 'kobject_put']],
    ['ktype', ['kobject_cleanup', 'kobject_put']],
    ['thread', ['kthread', 'ret_from_fork']],
  ])('%s', (fault, symbols) => {
    expect(faultOfCrash({ frames: symbols.map(frame) })).toBe(fault);
  });
});

describe('a proof that was the end of its guest', () => {
  const whole = captured('zram');
  const first = whole.records.findIndex(({ kind }) => kind === 'proof');
  const cut = { ...whole, records: whole.records.slice(0, first), lost: 'its kernel panicked' };

  it('is followed by the next thing', () => {
    expect(first).toBeGreaterThan(0);
    expect(nextProof(cut, 0, 6)).toBe(1);
    expect(nextProof(cut, 1, 6)).toBeNull();
    expect(nextProof(cut, 0, 1)).toBeNull();
    expect(nextProof(whole, 0, 6)).toBeNull();
  });

  it('and what both visits proved is one visit', () => {
    const until = whole.console.indexOf('dmrace: proof', whole.console.indexOf('proved'));
    const before = { ...cut, console: whole.console.slice(0, until) };
    const after = { ...cut, console: whole.console.slice(until) };
    const one = visitOf(visited('zram'), before);
    const two = visitOf(visited('zram'), after);
    expect(one.observations.map(({ word }) => word)).toEqual(['proven', 'reachable']);
    expect(joined(one, two).observations.map(({ word }) => word)).toEqual(['proven', 'proven']);
  });
});
