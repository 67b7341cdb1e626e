// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type Cast, type Proven, prove as proveSteps } from '../../../harness/evidence/prove.js';
import { parseTrace } from '../../../harness/evidence/trace.js';
import { COMPARED_PLACEMENTS } from '../../../harness/model/placement.js';
import {
  type Condition,
  type Proof,
  type Sighting,
  STEP_NUMBERS,
  type StepNumber,
  type Telling,
  type TraceSource,
} from '../../../harness/model/proof.js';
import type { GuestRecord } from '../../../harness/model/record.js';
import { holderCast, removerCast } from '../../../harness/recipes/cast.js';
import { dmMod } from '../../../harness/suspects/dm_mod/index.js';
import { DELAYED_STEPS, TEN_STEPS } from '../../../harness/suspects/dm_mod/steps.js';
import { capture, kept, mutated, recordsOfTrial } from '../judge/support.js';
import { windowIn } from '../recipes/support.js';
import { after, all, without } from './mutations.js';

/** @throws Error when the records do not tell who is who. */
function sure(cast: Cast | string): Cast {
  if (typeof cast === 'string') throw new Error(cast);
  return cast;
}

/** The ten steps, interpreted over a trace. */
const prove = (trace: string, records: readonly GuestRecord[]): Proven =>
  proveSteps(TEN_STEPS, parseTrace(trace), sure(holderCast(records, dmMod)));

const SWITCH_OUT_OF_HOLDER = /prev_pid=112 prev_prio=120 prev_state=R\+ ==> next_comm=dmsetup/;
const SWITCH_OUT_OF_DMSETUP = /prev_pid=115 prev_prio=49 prev_state=D/;
const HOLDER_RUNS =
  '     rcu_preempt-15      [000] d..2.     5.890000: sched_switch: prev_comm=rcu_preempt prev_pid=15 prev_prio=69 prev_state=I ==> next_comm=dmrace-guest next_pid=112 next_prio=120\n';

const HOLDER_RAN = /the holder ran again before the unload was done: .*next_pid=112/;

/** What breaks a step, and only that one: the steps before it stay proven. */
interface Crime {
  readonly step: StepNumber;
  readonly says: string;
  readonly commit: (trace: string) => string;
  readonly reason: RegExp;
}

const CRIMES: readonly Crime[] = [
  {
    step: 1,
    says: 'no probe saw the reference taken',
    commit: (trace) => without(trace, / got: \(dmrace_got/),
    reason: /no reference taken/,
  },
  {
    step: 1,
    says: 'another process took the reference',
    commit: (trace) =>
      mutated(trace, /dmrace-guest-112( +\S+ \S+ +\S+ got:)/, 'dmrace-guest-110$1'),
    reason: /no reference taken/,
  },
  {
    step: 1,
    says: 'the reference is on another kobject',
    commit: (trace) => mutated(trace, /( got: .* kobj=0x)\w+/, '$1ffff888000000000'),
    reason: /no reference taken/,
  },
  {
    step: 1,
    says: 'the kobject had only that reference',
    commit: (trace) => mutated(trace, /( got: .* refcnt=)2/, '$11'),
    reason: /no reference taken/,
  },
  {
    step: 2,
    says: 'dmsetup never asked for the removal',
    commit: (trace) => without(trace, /sys_ioctl\(fd: 3, cmd: c138fd04/),
    reason: /no DM_DEV_REMOVE/,
  },
  {
    step: 2,
    says: 'the ioctl is DM_DEV_SUSPEND (6)',
    commit: (trace) => mutated(trace, 'cmd: c138fd04', 'cmd: c138fd06'),
    reason: /no DM_DEV_REMOVE/,
  },
  {
    step: 2,
    says: 'another process made the ioctl',
    commit: (trace) =>
      mutated(
        trace,
        /dmsetup-115( +\S+ \S+ +\S+ sys_ioctl\(fd: 3, cmd: c138fd04)/,
        'dmsetup-116$1',
      ),
    reason: /no DM_DEV_REMOVE/,
  },
  {
    step: 3,
    says: 'two references were left at wait_for_completion()',
    commit: (trace) => mutated(trace, /(wait_for_completion: .* refcnt=)1/, '$12'),
    reason: /wait_for_completion\(\) with one reference left/,
  },
  {
    step: 3,
    says: 'the release method had already run (no reference left)',
    commit: (trace) => mutated(trace, /(wait_for_completion: .* refcnt=)1/, '$10'),
    reason: /wait_for_completion\(\) with one reference left/,
  },
  {
    step: 3,
    says: 'wait_for_completion() was never entered',
    commit: (trace) => without(trace, / wait_for_completion: \(/),
    reason: /wait_for_completion\(\) with one reference left/,
  },
  {
    step: 4,
    says: 'dmsetup never slept again',
    commit: (trace) =>
      after(trace, / wait_for_completion: /, (rest) =>
        all(rest, new RegExp(`^.*${SWITCH_OUT_OF_DMSETUP.source}.*\n`), ''),
      ),
    reason: /did not sleep on the completion/,
  },
  {
    step: 4,
    says: 'dmsetup slept interruptibly: not in wait_for_completion()',
    commit: (trace) =>
      after(trace, / wait_for_completion: /, (rest) =>
        all(rest, /(prev_pid=115 prev_prio=49 prev_state=)D/, '$1S'),
      ),
    reason: /did not sleep on the completion/,
  },
  {
    step: 4,
    says: 'the ioctl ended before dmsetup slept',
    commit: (trace) =>
      after(
        trace,
        / wait_for_completion: /,
        (rest) => `         dmsetup-115     [000] ...1.     5.877600: sys_ioctl -> 0x0\n${rest}`,
      ),
    reason: /did not sleep on the completion/,
  },
  {
    step: 5,
    says: 'the holder never dropped its reference',
    commit: (trace) => without(trace, / put: \(dmrace_put/),
    reason: /did not drop the last reference/,
  },
  {
    step: 5,
    says: 'it was not the last reference',
    commit: (trace) => mutated(trace, /( put: .* refcnt=)1/, '$12'),
    reason: /did not drop the last reference/,
  },
  {
    step: 5,
    says: 'somebody else dropped it',
    commit: (trace) =>
      mutated(trace, /dmrace-guest-112( +\S+ \S+ +\S+ put:)/, 'dmrace-guest-113$1'),
    reason: /did not drop the last reference/,
  },
  {
    step: 5,
    says: 'the reference dropped is on another kobject',
    commit: (trace) => mutated(trace, /( put: .* kobj=0x)\w+/, '$1ffff888000000000'),
    reason: /did not drop the last reference/,
  },
  {
    step: 5,
    says: 'it was dropped before dmsetup waited',
    commit: (trace) => {
      const put = /^.* put: \(dmrace_put.*\n/m.exec(trace)?.[0] ?? '';
      return mutated(trace.replace(put, ''), /^.* wait_for_completion: \(/m, `${put}$&`);
    },
    reason: /did not drop the last reference/,
  },
  {
    step: 6,
    says: 'complete() was never called',
    commit: (trace) => without(trace, / complete: \(complete\+0x0/),
    reason: /no complete\(\) of that completion/,
  },
  {
    step: 6,
    says: 'complete() was called on another completion',
    commit: (trace) => mutated(trace, /( complete: .* completion=0x)\w+/, '$1ffff888005762a78'),
    reason: /no complete\(\) of that completion/,
  },
  {
    step: 6,
    says: 'complete() was called by another process',
    commit: (trace) =>
      mutated(trace, /dmrace-guest-112( +\S+ \S+ +\S+ complete:)/, 'dmrace-guest-113$1'),
    reason: /no complete\(\) of that completion/,
  },
  {
    step: 7,
    says: 'the holder slept by itself (prev_state=S)',
    commit: (trace) =>
      mutated(
        trace,
        SWITCH_OUT_OF_HOLDER,
        'prev_pid=112 prev_prio=120 prev_state=S ==> next_comm=dmsetup',
      ),
    reason: /went to sleep by itself/,
  },
  {
    step: 7,
    says: 'the stack has no return address of complete()',
    commit: (trace) => {
      const caller = / complete: .*caller=0x(\w+)/.exec(trace)?.[1] ?? '';
      return all(trace, new RegExp(`^ => .*<${caller}>\n`), '');
    },
    reason: /already returned from complete\(\)/,
  },
  {
    step: 7,
    says: 'no stack was recorded',
    commit: (trace) => all(trace, /^ => .*\n/, ''),
    reason: /already returned from complete\(\)/,
  },
  {
    step: 7,
    says: 'the caller of complete() is not known',
    commit: (trace) => mutated(trace, /( complete: .*) caller=0x\w+/, '$1'),
    reason: /already returned from complete\(\)/,
  },
  {
    step: 7,
    says: 'complete() woke somebody else',
    commit: (trace) =>
      after(trace, / complete: \(complete\+0x0/, (rest) =>
        mutated(rest, /(dmrace-guest-112 .* sched_waking: comm=dmsetup) pid=115/, '$1 pid=99'),
      ),
    reason: /did not wake dmsetup/,
  },
  {
    step: 7,
    says: 'the holder was never switched out',
    commit: (trace) =>
      after(trace, / complete: \(complete\+0x0/, (rest) =>
        all(rest, /^.*sched_switch: .* prev_pid=112 .*\n/, ''),
      ),
    reason: /was not switched out after complete\(\)/,
  },
  {
    step: 8,
    says: 'the removal failed with EBUSY',
    commit: (trace) =>
      after(trace, / complete: \(complete/, (rest) =>
        mutated(rest, /(dmsetup-115 .* sys_ioctl -> )0x0/, '$10xfffffffffffffff0'),
      ),
    reason: /removal did not succeed/,
  },
  {
    step: 8,
    says: 'the ioctl never returned',
    commit: (trace) =>
      after(trace, / complete: \(complete/, (rest) =>
        without(rest, /dmsetup-115 .* sys_ioctl -> 0x0/),
      ),
    reason: /removal did not succeed/,
  },
  {
    step: 8,
    says: 'the ioctl that returned is another process’s',
    commit: (trace) =>
      after(trace, / complete: \(complete/, (rest) =>
        mutated(rest, /dmsetup-115( .* sys_ioctl -> 0x0)/, 'dmsetup-116$1'),
      ),
    reason: /removal did not succeed/,
  },
  {
    step: 9,
    says: 'delete_module returned -EWOULDBLOCK',
    commit: (trace) =>
      mutated(trace, 'sys_delete_module -> 0x0', 'sys_delete_module -> 0xfffffffffffffff5'),
    reason: /delete_module did not return 0/,
  },
  {
    step: 9,
    says: 'delete_module never returned',
    commit: (trace) => without(trace, / sys_delete_module -> 0x0/),
    reason: /delete_module did not return 0/,
  },
  {
    step: 9,
    says: 'delete_module was another process’s',
    commit: (trace) =>
      mutated(trace, /dmrace-guest-114( .* sys_delete_module -> 0x0)/, 'dmrace-guest-117$1'),
    reason: /delete_module did not return 0/,
  },
  {
    step: 9,
    says: 'no module was freed',
    commit: (trace) => without(trace, / module_free: dm_mod/),
    reason: /dm_mod was not freed/,
  },
  {
    step: 9,
    says: 'another module was freed',
    commit: (trace) => mutated(trace, 'module_free: dm_mod', 'module_free: dm_mod_too'),
    reason: /dm_mod was not freed/,
  },
  {
    step: 9,
    says: 'the holder ran right after step 7',
    commit: (trace) =>
      after(trace, / complete: \(complete/, (rest) =>
        mutated(rest, /^ +dmsetup-115 /m, `${HOLDER_RUNS}$&`),
      ),
    reason: HOLDER_RAN,
  },
  {
    step: 9,
    says: 'the holder ran between the removal and the unload',
    commit: (trace) =>
      after(trace, / module_put: dm_mod call_site=__fput/, (rest) => HOLDER_RUNS + rest),
    reason: HOLDER_RAN,
  },
  {
    step: 9,
    says: 'the holder ran while delete_module freed the module',
    commit: (trace) => after(trace, / module_free: dm_mod/, (rest) => HOLDER_RUNS + rest),
    reason: HOLDER_RAN,
  },
];

describe.each(COMPARED_PLACEMENTS)('the real trial of %s', (placement) => {
  const files = capture(placement);
  const records = recordsOfTrial(files);

  const window = (trace: string) => windowIn(placement, trace, records);

  it('has all ten steps, in order, each with its own line', () => {
    const steps = prove(files.trace, records);
    expect(steps.missing).toEqual([]);
    expect(window(files.trace)).toMatchObject({ reached: true, steps: steps.steps });
    expect(steps.steps.map((proof) => proof.step)).toEqual(STEP_NUMBERS);
    const times = steps.steps.map((proof) => proof.atUs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const proof of steps.steps) expect(files.trace).toContain(proof.evidence);
    const said = Object.fromEntries(steps.steps.map((proof) => [proof.step, proof.evidence]));
    expect(said[1]).toMatch(/got: .*refcnt=2$/);
    expect(said[2]).toMatch(/cmd: c138fd04/);
    expect(said[3]).toMatch(/wait_for_completion: .*refcnt=1$/);
    expect(said[4]).toMatch(/prev_comm=dmsetup .*prev_state=D/);
    expect(said[5]).toMatch(/put: .*refcnt=1$/);
    expect(said[6]).toMatch(/ complete: /);
    expect(said[7]).toMatch(/prev_pid=112 .*prev_state=R\+ ==> next_comm=dmsetup/);
    expect(said[8]).toMatch(/^dmsetup-115 .*sys_ioctl -> 0x0$/);
    expect(said[9]).toMatch(/^dmrace-guest-114 .*sys_delete_module -> 0x0$/);
    expect(said[10]).toMatch(/next_pid=112/);
  });

  it.each(CRIMES)('step $step is not proven when $says', ({ step, commit, reason }) => {
    const steps = prove(commit(files.trace), records);
    expect(window(commit(files.trace)).reached).toBe(false);
    expect(steps.missing).toHaveLength(1);
    expect(steps.missing[0]).toMatch(new RegExp(`^step ${step}: `));
    expect(steps.missing[0]).toMatch(reason);
    expect(steps.steps.map((proof) => proof.step)).toEqual(
      STEP_NUMBERS.filter((number) => number < step),
    );
  });

  it('has a crime for each step of its window', () => {
    const steps = new Set(CRIMES.map(({ step }) => step));
    expect([...steps, 10]).toEqual(TEN_STEPS.proofs.map(({ step }) => step));
  });

  it('has reached the window even when the holder never runs again (step 10)', () => {
    const trace = after(files.trace, / sys_delete_module -> 0x0/, (rest) =>
      all(rest, /^.*next_pid=112 .*\n/, ''),
    );
    const steps = prove(trace, records);
    expect(window(trace).reached).toBe(true);
    expect(steps.steps).toHaveLength(9);
    expect(steps.missing).toEqual(['step 10: the holder never ran again']);
  });

  it('accepts a preemption between interrupts as such: state R as well as R+', () => {
    const trace = mutated(
      files.trace,
      SWITCH_OUT_OF_HOLDER,
      'prev_pid=112 prev_prio=120 prev_state=R ==> next_comm=dmsetup',
    );
    expect(window(trace).reached).toBe(true);
  });

  it('proves no more than the trace holds, wherever it is cut', () => {
    const lines = files.trace.split('\n');
    const whole = prove(files.trace, records).steps.map((proof) => proof.evidence);
    let last = 0;
    for (let cut = 1; cut < lines.length; cut += 7) {
      const trace = lines.slice(0, cut).join('\n');
      const steps = prove(trace, records);
      expect(whole.slice(0, steps.steps.length)).toEqual(steps.steps.map((p) => p.evidence));
      expect(steps.steps.length).toBeGreaterThanOrEqual(last);
      expect(window(trace).reached).toBe(steps.steps.length >= 9);
      last = steps.steps.length;
    }
  });

  it('knows where complete() was to return to', () => {
    const caller = / complete: .*caller=0x(\w+)/.exec(files.trace)?.[1];
    expect(prove(files.trace, records).bound.returnAddress).toBe(caller);
  });

  // BUG (reported): the first ioctl of dmsetup that returns 0 is taken, not the one of step 2.
  it('step 8 is not proven by a later ioctl when the removal itself failed', () => {
    const trace = after(files.trace, / complete: \(complete/, (rest) =>
      mutated(rest, /^( *dmsetup-115 .* sys_ioctl -> )0x0\n/m, '$10xfffffffffffffff0\n$10x0\n'),
    );
    expect(window(trace).reached).toBe(false);
  });

  // BUG (reported): null === null, so completions that no probe reported pass for the same one.
  it('step 6 is not proven when the probes do not say which completion', () => {
    const trace = all(files.trace, / completion=0x\w+/, '');
    expect(window(trace).reached).toBe(false);
  });
});

describe('an interrupt at the start of complete()', () => {
  // Seen in a real trial (restored VM, loaded host): RCU took the CPU between the probe and the
  // wake-up and gave it back; the window was reached all the same.
  it.each(COMPARED_PLACEMENTS)('does not count as the preemption of step 7 (%s)', (placement) => {
    const files = capture(placement);
    const away =
      '    dmrace-guest-112     [000] d..2.     5.880000: sched_switch: prev_comm=dmrace-guest prev_pid=112 prev_prio=120 prev_state=R+ ==> next_comm=rcu_preempt next_pid=15 next_prio=69\n';
    const trace = mutated(
      files.trace,
      /^(.* complete: \(complete\+0x0.*\n)/m,
      `$1${away}${HOLDER_RUNS}`,
    );
    const steps = prove(trace, recordsOfTrial(files));
    expect(steps.missing).toEqual([]);
    expect(windowIn(placement, trace, recordsOfTrial(files)).reached).toBe(true);
    expect(steps.steps.find((step) => step.step === 7)?.evidence).toContain('next_comm=dmsetup');
  });
});

const DISK_RELEASED =
  '     kworker/0:1-19      [000] .....     8.300000: disk_release: (disk_release+0x0/0xc6 <ffffffff81190e47>) name="dm-0"\n';

const DELAYED_CRIMES: readonly Crime[] = [
  {
    step: 2,
    says: 'dmsetup never asked for the removal',
    commit: (trace) => without(trace, /sys_ioctl\(fd: 3, cmd: c138fd04/),
    reason: /no DM_DEV_REMOVE by dmsetup$/,
  },
  {
    step: 2,
    says: 'the ioctl is DM_DEV_SUSPEND (6)',
    commit: (trace) => mutated(trace, 'cmd: c138fd04', 'cmd: c138fd06'),
    reason: /no DM_DEV_REMOVE by dmsetup$/,
  },
  {
    step: 2,
    says: 'another process made the ioctl',
    commit: (trace) =>
      mutated(trace, /dmsetup-50( +\S+ \S+ +\S+ sys_ioctl\(fd: 3, cmd: c138fd04)/, 'dmsetup-51$1'),
    reason: /no DM_DEV_REMOVE by dmsetup$/,
  },
  {
    step: 8,
    says: 'the removal failed with EBUSY',
    commit: (trace) =>
      after(trace, /cmd: c138fd04/, (rest) =>
        mutated(rest, /(dmsetup-50 .* sys_ioctl -> )0x0/, '$10xfffffffffffffff0'),
      ),
    reason: /^step 8: the removal did not succeed$/,
  },
  {
    step: 8,
    says: 'the ioctl never returned',
    commit: (trace) =>
      after(trace, /cmd: c138fd04/, (rest) => without(rest, /dmsetup-50 .* sys_ioctl -> 0x0/)),
    reason: /^step 8: the removal did not succeed$/,
  },
  {
    step: 8,
    says: 'the ioctl that returned is another process’s',
    commit: (trace) =>
      after(trace, /cmd: c138fd04/, (rest) =>
        mutated(rest, /dmsetup-50( .* sys_ioctl -> 0x0)/, 'dmsetup-51$1'),
      ),
    reason: /^step 8: the removal did not succeed$/,
  },
  {
    step: 8,
    says: 'the removal failed, and a later ioctl did not',
    commit: (trace) =>
      after(trace, /cmd: c138fd04/, (rest) =>
        mutated(rest, /^( *dmsetup-50 .* sys_ioctl -> )0x0\n/m, '$10xfffffffffffffff0\n$10x0\n'),
      ),
    reason: /^step 8: the removal did not succeed$/,
  },
  {
    step: 9,
    says: 'no module was freed',
    commit: (trace) => without(trace, / module_free: dm_mod/),
    reason: /^step 9: the unload did not succeed$/,
  },
  {
    step: 9,
    says: 'another module was freed',
    commit: (trace) => mutated(trace, 'module_free: dm_mod', 'module_free: dm_mod_too'),
    reason: /^step 9: the unload did not succeed$/,
  },
  {
    step: 9,
    says: 'delete_module returned -EWOULDBLOCK',
    commit: (trace) =>
      mutated(trace, 'sys_delete_module -> 0x0', 'sys_delete_module -> 0xfffffffffffffff5'),
    reason: /^step 9: the unload did not succeed$/,
  },
  {
    step: 9,
    says: 'delete_module never returned',
    commit: (trace) => without(trace, / sys_delete_module -> 0x0/),
    reason: /^step 9: the unload did not succeed$/,
  },
  {
    step: 9,
    says: 'delete_module was another process’s',
    commit: (trace) =>
      mutated(trace, /dmrace-guest-49( .* sys_delete_module -> 0x0)/, 'dmrace-guest-48$1'),
    reason: /^step 9: the unload did not succeed$/,
  },
  {
    step: 10,
    says: 'no disk was released',
    commit: (trace) => without(trace, / disk_release: \(/),
    reason: /^step 10: dm-0 was never released$/,
  },
  {
    step: 10,
    says: 'another disk was released',
    commit: (trace) => mutated(trace, 'name="dm-0"', 'name="dm-1"'),
    reason: /^step 10: dm-0 was never released$/,
  },
  {
    step: 10,
    says: 'a disk was released whose name begins alike',
    commit: (trace) => mutated(trace, 'name="dm-0"', 'name="dm-01"'),
    reason: /^step 10: dm-0 was never released$/,
  },
  {
    step: 10,
    says: 'the disk was released before it was removed, which was another one of that name',
    commit: (trace) => {
      const line = / disk_release: \(/;
      return mutated(without(trace, line), /^.*cmd: c138fd04.*\n/m, `${DISK_RELEASED}$&`);
    },
    reason: /^step 10: dm-0 was never released$/,
  },
  {
    step: 10,
    says: 'the disk was released while delete_module freed the module',
    commit: (trace) => after(trace, / module_free: dm_mod/, (rest) => DISK_RELEASED + rest),
    reason: /^step 10: the disk was released before the unload was done: /,
  },
  {
    step: 10,
    says: 'the disk was released before the removal was done',
    commit: (trace) => after(trace, /cmd: c138fd04/, (rest) => DISK_RELEASED + rest),
    reason: /^step 10: the disk was released before the unload was done: /,
  },
];

describe('the real trial of delayed-release', () => {
  const files = kept('delayed-crashed');
  const records = recordsOfTrial(files);
  const proven = (trace: string): Proven =>
    proveSteps(DELAYED_STEPS, parseTrace(trace), sure(removerCast(records, dmMod)));
  const numbers = DELAYED_STEPS.proofs.map(({ step }) => step);

  it('has all four steps, each with its own line', () => {
    const { steps, missing } = proven(files.trace);
    expect(missing).toEqual([]);
    expect(numbers).toEqual([2, 8, 9, 10]);
    expect(steps.map(({ step }) => step)).toEqual(numbers);
    const said = Object.fromEntries(steps.map(({ step, evidence }) => [step, evidence]));
    expect(said[2]).toMatch(/^dmsetup-50 .*cmd: c138fd04/);
    expect(said[8]).toMatch(/^dmsetup-50 .* 3\.132583: sys_ioctl -> 0x0$/);
    expect(said[9]).toMatch(/^dmrace-guest-49 .*sys_delete_module -> 0x0$/);
    expect(said[10]).toMatch(/^kworker\/0:1-19 .*disk_release: .*name="dm-0"$/);
  });

  it.each(DELAYED_CRIMES)('step $step is not proven when $says', ({ step, commit, reason }) => {
    const { steps, missing } = proven(commit(files.trace));
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatch(new RegExp(`^step ${step}: `));
    expect(missing[0]).toMatch(reason);
    expect(steps.map((proof) => proof.step)).toEqual(numbers.filter((number) => number < step));
  });

  it('has a crime for each step', () => {
    expect([...new Set(DELAYED_CRIMES.map(({ step }) => step))]).toEqual(numbers);
  });
});

describe('the interpreter', () => {
  const at = (us: number, name: string, text: string, pid = 7): string =>
    `            task-${pid}     [000] .....     1.00000${us}: ${name}: ${text}`;
  const source = (name: string): TraceSource => ({ name, event: `s/${name}` });
  const telling = (...proofs: Partial<Proof>[]): Telling => ({
    title: '',
    note: '',
    also: [],
    proofs: proofs.map((proof, index) => ({
      step: STEP_NUMBERS[index] ?? 1,
      party: 'holder',
      says: '',
      does: '',
      proof: '',
      see: [],
      stops: [],
      ...proof,
    })),
  });
  const found = (
    proofs: readonly Partial<Proof>[],
    lines: readonly string[],
    cast: Cast = CAST,
  ) => {
    const { steps, missing } = proveSteps(telling(...proofs), parseTrace(lines.join('\n')), cast);
    return missing.length > 0 ? missing[0] : steps.map(({ atUs }) => atUs % 10);
  };
  const CAST: Cast = { pids: { holder: 7 }, bound: { thing: 'abc', quoted: '"x"' } };
  const sees = (where: readonly Condition[], more: Partial<Sighting> = {}): Partial<Proof> => ({
    see: [{ source: source('a'), where, missing: 'none of {thing}', ...more }],
  });

  it.each<[string, Condition, string, string]>([
    ['an address', { address: 'p', is: '$thing' }, 'p=0xabc', 'p=0xabd'],
    ['a text', { text: 'n', is: '$quoted' }, 'n="x"', 'n="xy"'],
    ['a number', { number: 'c', is: 2 }, 'c=2', 'c=3'],
    ['a number at least', { number: 'c', atLeast: 2 }, 'c=5', 'c=1'],
    ['a pid', { pid: 'next_pid', of: 'holder' }, 'next_pid=7', 'next_pid=70'],
    ['a beginning', { field: 'prev_state', begins: 'R' }, 'prev_state=R+', 'prev_state=S'],
    [
      'some bits of an argument',
      { argument: 'cmd', mask: 0xffff, is: 0xfd04 },
      '(fd: 3, cmd: 0xc138fd04)',
      '(fd: 3, cmd: c138fd05)',
    ],
    ['all that follows', { says: 'dm_mod' }, 'dm_mod', 'dm_mod_too'],
    ['a system call that returned 0', { returned: 0 }, '0x0', '0xfffffffffffffff5'],
  ])('tells %s from another', (_, condition, right, wrong) => {
    expect(found([sees([condition])], [at(1, 'a', wrong), at(2, 'a', right)])).toEqual([2]);
    expect(found([sees([condition])], [at(1, 'a', wrong)])).toBe('step 1: none of abc');
    expect(found([sees([condition])], [at(1, 'a', '')])).toBe('step 1: none of abc');
    expect(found([sees([condition])], [at(1, 'b', right)])).toBe('step 1: none of abc');
  });

  it.each<[string, Condition, string]>([
    ['an address', { address: 'p', is: '$other' }, 'q=0xabc'],
    ['a text', { text: 'n', is: '$other' }, 'm=1'],
    ['a pid', { pid: 'next_pid', of: 'remover' }, 'next_comm=x'],
    ['an address on the stack', { stackHolds: '$other' }, ''],
  ])('takes %s that nobody knows for none, not for the same', (_, condition, text) => {
    expect(found([sees([condition])], [at(1, 'a', text)])).toBe('step 1: none of abc');
  });

  it('binds what an event says for later steps, and what it does not say stays unknown', () => {
    const proofs = [
      sees([], { binds: { next: { address: 'p' } } }),
      sees([{ address: 'q', is: '$next' }], { missing: 'not {next}' }),
    ];
    expect(found(proofs, [at(1, 'a', 'p=0xd'), at(2, 'a', 'q=0xe'), at(3, 'a', 'q=0xd')])).toEqual([
      1, 3,
    ]);
    expect(found(proofs, [at(1, 'a', 'p=0xd'), at(2, 'a', 'q=0xe')])).toBe('step 2: not d');
    expect(found(proofs, [at(1, 'a', ''), at(2, 'a', '')])).toBe('step 2: not {next}');
  });

  it('wants events in their order, each after the one before, unless told from where on', () => {
    const [b, a] = [at(1, 'b', ''), at(2, 'a', '')];
    const first = sees([]);
    const second = (after?: StepNumber): Partial<Proof> => ({
      see: [{ source: source('b'), missing: 'no b', ...(after === undefined ? {} : { after }) }],
    });
    expect(found([first, second()], [b, a])).toBe('step 2: no b');
    expect(found([first, second()], [b, a, at(3, 'b', '')])).toEqual([2, 3]);
    // One event proves one step.
    expect(found([first, first], [a])).toBe('step 2: none of abc');
    const third = { ...second(1), notBefore: { step: 2, says: 'too early' } } as const;
    const lines = [at(1, 'a', ''), at(2, 'b', ''), at(3, 'a', ''), at(4, 'b', '')];
    expect(found([first, first, third], lines)).toBe('step 3: too early');
    expect(found([first, first, second()], lines)).toEqual([1, 3, 4]);
  });

  it('lets nothing come before, nothing happen meanwhile, and the first one count that must', () => {
    const unless = sees([], { unless: { source: source('b'), by: 'holder' } });
    expect(found([unless], [at(1, 'b', ''), at(2, 'a', '')])).toBe('step 1: none of abc');
    expect(found([unless], [at(1, 'b', '', 8), at(2, 'a', '')])).toEqual([2]);
    expect(found([unless], [at(1, 'a', ''), at(2, 'b', '')])).toEqual([1]);
    const must = sees([], {
      must: [{ hold: { returned: 0 }, otherwise: 'it returned {text}' }],
    });
    expect(found([must], [at(1, 'a', '0x5'), at(2, 'a', '0x0')])).toBe('step 1: it returned 0x5');
    const never = {
      ...sees([]),
      never: { since: 1, source: source('b'), where: [{ says: 'x' }], says: 'b in between' },
    } as const;
    const [one, two] = [at(1, 'a', ''), at(3, 'a', '')];
    expect(found([sees([]), never], [one, at(2, 'b', 'x'), two])).toBe(
      `step 2: b in between: ${at(2, 'b', 'x').trim()}`,
    );
    expect(found([sees([]), never], [at(0, 'b', 'x'), one, at(2, 'b', 'y'), two])).toEqual([1, 3]);
  });

  it('takes an event for whose it is', () => {
    const by = sees([], { by: 'holder' });
    expect(found([by], [at(1, 'a', '', 8), at(2, 'a', '')])).toEqual([2]);
    expect(found([by], [at(1, 'a', '')], { pids: {}, bound: {} })).toBe('step 1: none of {thing}');
  });

  it('proves nothing of nothing, and has nothing to prove in a telling without steps', () => {
    expect(found([sees([])], [])).toBe('step 1: none of abc');
    expect(found([], [at(1, 'a', '')])).toEqual([]);
  });
});
