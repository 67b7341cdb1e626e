// SPDX-License-Identifier: MIT
// What the guest traces follows from the steps. The lists are those of vm/init before it was told.
import { describe, expect, it } from 'vitest';
import { probeOn, systemCall, tracepoint, tracingOf } from '../../../harness/evidence/sources.js';
import type { Telling } from '../../../harness/model/proof.js';
import { SCENARIOS } from '../../../harness/scenarios/index.js';
import {
  CRASH_STEPS,
  DELAYED_STEPS,
  SOAK_STEPS,
  TEN_STEPS,
} from '../../../harness/suspects/dm_mod/steps.js';

const WINDOW_PROBES = [
  'p:dmrace/got dmrace_got kobj=$arg1:x64 refcnt=$arg2:u32',
  'p:dmrace/put dmrace_put kobj=$arg1:x64 refcnt=$arg2:u32',
  'p:dmrace/wait_for_completion wait_for_completion completion=$arg1:x64 refcnt={refcount}($arg1):u32',
  'p:dmrace/complete complete completion=$arg1:x64 caller={return}:x64',
];
const WINDOW_EVENTS = [
  'sched/sched_switch',
  'sched/sched_waking',
  'sched/sched_process_exit',
  'module',
  'syscalls/sys_enter_ioctl',
  'syscalls/sys_exit_ioctl',
  'syscalls/sys_enter_delete_module',
  'syscalls/sys_exit_delete_module',
  'printk',
  'dmrace',
];
const DELAYED_PROBES = ['p:dmrace/disk_release disk_release name=+0(+0($arg1)):string'];
const DELAYED_EVENTS = [
  'dmrace',
  'workqueue/workqueue_execute_start',
  'workqueue/workqueue_execute_end',
  'sched/sched_process_exit',
  'module',
  'syscalls/sys_enter_ioctl',
  'syscalls/sys_exit_ioctl',
  'syscalls/sys_enter_delete_module',
  'syscalls/sys_exit_delete_module',
  'printk',
];
const SAME: readonly (readonly [string, Telling, string[], string[]])[] = [
  ['the ten steps', TEN_STEPS, WINDOW_PROBES, WINDOW_EVENTS],
  ['a delayed release', DELAYED_STEPS, DELAYED_PROBES, DELAYED_EVENTS],
  ['a soak, which is watched as a delayed release is', SOAK_STEPS, DELAYED_PROBES, DELAYED_EVENTS],
  ['a crash on purpose, in the guest of the ten steps', CRASH_STEPS, WINDOW_PROBES, WINDOW_EVENTS],
];

describe('what a guest traces', () => {
  it.each(SAME)('for %s: exactly that', (_, telling, probes, events) => {
    const tracing = tracingOf(telling);
    // The order in which they are made and enabled says nothing; each is there once.
    expect([...tracing.probes].sort()).toEqual([...probes].sort());
    expect([...tracing.events].sort()).toEqual([...events].sort());
  });

  it.each(SCENARIOS)('of $name is told with what it is for', ({ telling }) => {
    for (const { why } of telling.also) expect(why).not.toBe('');
  });
});

describe('the sources of a telling', () => {
  const step = (see: Telling['proofs'][number]['see']): Telling['proofs'][number] => ({
    ...{ step: 1, party: 'holder', says: '', does: '', proof: '', see, stops: [] },
  });
  const telling = (...proofs: Telling['proofs'][number][]): Telling => ({
    ...{ title: '', note: '', proofs, also: [] },
  });
  const missing = 'x';

  it('are those of its sightings, of what may not come before, and of what may never happen', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => tracepoint('s', name));
    if (!a || !b || !c) throw new Error('three');
    const proof = {
      ...step([{ source: a, missing, unless: { source: b } }]),
      never: { since: 1, source: c, where: [], says: '' },
    } as const;
    expect(tracingOf(telling(proof))).toEqual({ probes: [], events: ['s/a', 's/b', 's/c'] });
  });

  it('are there once, and the probes’ own system only where there is a probe', () => {
    const probe = probeOn('p', 'f', 'x=$arg1:x64');
    const exit = systemCall('ioctl', 'exit');
    const twice = step([
      { source: exit, missing },
      { source: probe, missing },
      { source: exit, missing },
    ]);
    expect(tracingOf(telling(twice, twice))).toEqual({
      probes: ['p:dmrace/p f x=$arg1:x64'],
      events: ['syscalls/sys_exit_ioctl', 'dmrace'],
    });
    expect(tracingOf(telling())).toEqual({ probes: [], events: [] });
  });
});
