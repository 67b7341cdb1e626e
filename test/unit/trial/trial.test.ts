// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlanOf } from '../../../harness/model/trial.js';
import type { Machines } from '../../../harness/ports.js';
import {
  deadlines,
  READY_DEADLINE_MS,
  runTrial,
  TRIAL_DEADLINE_MS,
  trialCommand,
} from '../../../harness/trial/trial.js';
import { setPatience } from '../../../harness/util/patience.js';
import { FakeMachine } from '../guest/support.js';
import { capture, capturePlan } from '../judge/support.js';
import { SPEC } from './support.js';

const REAL = capture('in-module');
const plan = capturePlan('in-module');
const READY = '{"kind":"ready","us":1,"commands":"trial"}\n';

let machine: FakeMachine;
const machines: Machines = { start: async () => machine };
const run = (signal = new AbortController().signal, spec = SPEC) =>
  runTrial({ machines, spec, signal }, plan, deadlines(plan, spec));

beforeEach(() => {
  vi.useFakeTimers();
  machine = new FakeMachine();
});
afterEach(() => {
  vi.useRealTimers();
});

it('the command carries the plan and whether the disk is pinned', () => {
  const swept: PlanOf<'sweep'> = { ...plan, recipe: 'sweep', seed: 7, yieldAfter: 3 };
  expect(trialCommand(swept)).toBe(
    `trial recipe=sweep suspect=dm_mod nonce=${plan.nonce} seed=7 scenario=release pin=1 yield-after=3`,
  );
  expect(trialCommand({ ...plan, scenario: 'disk-release' })).toMatch(
    /^trial recipe=release-return .* scenario=disk-release pin=0$/,
  );
  const soak = { ...plan, recipe: 'soak', scenario: 'churn', durationMs: 5000 } as const;
  expect(trialCommand(soak)).toBe(
    `trial recipe=soak suspect=dm_mod nonce=${plan.nonce} seed=${plan.seed} scenario=churn ms=5000`,
  );
});

it('the command of a sweep says `after` in words, that of a deterministic trial how it ends', () => {
  const swept: PlanOf<'sweep'> = { ...plan, recipe: 'sweep', yieldAfter: 'after' };
  expect(trialCommand(swept, true)).toMatch(
    / scenario=release pin=1 yield-after=after end=poweroff$/,
  );
  expect(trialCommand({ ...plan, recipe: 'delayed', scenario: 'delayed-release' })).toMatch(
    / scenario=delayed-release$/,
  );
});

it('the command of a crash on purpose is that crash and nothing else', () => {
  const crash = { ...plan, recipe: 'crash', scenario: 'self-test', how: 'bug' } as const;
  expect(trialCommand(crash)).toBe(`crash nonce=${plan.nonce} how=bug`);
});

it('a soak has its duration on top of the deadline, also after a crash', async () => {
  const soak = { ...plan, recipe: 'soak', scenario: 'churn', durationMs: 600_000 } as const;
  const { signal } = new AbortController();
  const running = runTrial({ machines, spec: SPEC, signal }, soak, deadlines(soak, SPEC));
  await vi.advanceTimersByTimeAsync(10);
  machine.say('records', REAL.readyRecords);
  await vi.advanceTimersByTimeAsync(10);
  machine.say('console', Buffer.from(REAL.console).toString('latin1'));
  await vi.advanceTimersByTimeAsync(600_000);
  machine.say('records', REAL.records);
  machine.say('trace', REAL.trace);
  await vi.advanceTimersByTimeAsync(5_000);
  expect((await running).files.note.end).toEqual({ how: 'closing' });
});

describe('the deadlines', () => {
  const soak = { ...plan, recipe: 'soak', scenario: 'churn', durationMs: 600_000 } as const;
  const counted = { deterministic: true };

  it('are any trial’s, and a soak’s duration more: also after a crash, which may be one of several', () => {
    expect(deadlines(plan, SPEC)).toEqual({ deadlineMs: TRIAL_DEADLINE_MS });
    expect(deadlines(soak, SPEC)).toEqual({
      deadlineMs: TRIAL_DEADLINE_MS + 600_000,
      afterCrashMs: TRIAL_DEADLINE_MS + 600_000,
    });
  });

  it('of a guest whose instructions are counted are longer by what is on its own clock', () => {
    expect(deadlines(plan, counted)).toEqual({ deadlineMs: TRIAL_DEADLINE_MS });
    expect(deadlines(soak, counted).deadlineMs).toBe(TRIAL_DEADLINE_MS + 6_000_000);
  });
});

describe('a trial', () => {
  it('collects what the guest says, in its two phases, and disposes the machine', async () => {
    machine.onCommand = () => {
      const half = REAL.trace.length >> 1;
      machine.say('trace', REAL.trace.slice(0, half));
      machine.say('console', Buffer.from(REAL.console).toString('latin1'));
      machine.say('records', REAL.records);
      setTimeout(() => machine.say('trace', REAL.trace.slice(half)), 300);
    };
    const running = run();
    await vi.advanceTimersByTimeAsync(10);
    machine.say('records', REAL.readyRecords);
    await vi.advanceTimersByTimeAsync(1000);
    const { files, argv } = await running;
    expect(files).toMatchObject({
      readyRecords: REAL.readyRecords,
      records: REAL.records,
      trace: REAL.trace,
    });
    expect(Buffer.from(files.console)).toEqual(Buffer.from(REAL.console));
    expect(files.note).toMatchObject({ plan, end: { how: 'closing' }, start: 'booted' });
    expect(argv).toEqual(machine.argv);
    expect(machine.commands).toEqual([trialCommand(plan)]);
    expect(machine.disposed).toBe(1);
  });

  it('waits for a crash that is printed after the closing record', async () => {
    machine.onCommand = () => {
      machine.say('records', REAL.records.replace(/"traceBytes":\d+/, '"traceBytes":0'));
      setTimeout(() => machine.say('console', 'BUG: late\n'), 100);
    };
    const running = run();
    await vi.advanceTimersByTimeAsync(10);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(1000);
    const { files } = await running;
    expect(Buffer.from(files.console).toString()).toBe('BUG: late\n');
  });

  it('that never gets ready is no command’s fault: none is given', async () => {
    machine.onQmp = async () => 'RAX=0\nRIP=ffffffff81000000 RFL=00000246 [---Z-P-]\n';
    const running = run();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', '{"kind":"boot"');
    await vi.advanceTimersByTimeAsync(READY_DEADLINE_MS + 3000);
    const { files } = await running;
    expect(machine.commands).toEqual([]);
    expect(files.note.end).toEqual({
      how: 'deadline',
      afterMs: READY_DEADLINE_MS,
      vcpu: 'RIP=ffffffff81000000 RFL=00000246',
    });
    expect(files.readyRecords).toBe('{"kind":"boot"');
    expect(files.records).toBe('');
    expect(machine.disposed).toBe(1);
  });

  it('that hangs says where, or that QEMU did not answer', async () => {
    machine.onQmp = () => new Promise(() => undefined);
    const running = run();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(TRIAL_DEADLINE_MS + 10_000);
    expect((await running).files.note.end).toEqual({
      how: 'deadline',
      afterMs: TRIAL_DEADLINE_MS,
      vcpu: 'not answering',
    });
  });

  it('whose machine ends says how', async () => {
    machine.onCommand = () => machine.end({ exitCode: 1, signal: null, stderr: 'no memory' });
    const running = run();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(5000);
    const { files } = await running;
    expect(files.note.end).toEqual({
      how: 'machine-ended',
      exitCode: 1,
      signal: null,
      stderr: 'no memory',
    });
    expect(machine.disposed).toBe(1);
  });

  it('that is interrupted disposes its machine', async () => {
    const abort = new AbortController();
    const running = run(abort.signal);
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(1);
    abort.abort();
    await vi.advanceTimersByTimeAsync(5000);
    expect((await running).files.note.end).toEqual({ how: 'interrupted' });
    expect(machine.disposed).toBe(1);
  });

  it('disposes its machine when what is done at ready fails', async () => {
    const { signal } = new AbortController();
    const running = runTrial({ machines, spec: SPEC, signal }, plan, {
      ...deadlines(plan, SPEC),
      whenReady: () => Promise.reject(new Error('no disassembler')),
    });
    const settled = expect(running).rejects.toThrow('no disassembler');
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(1);
    await settled;
    expect(machine.disposed).toBe(1);
    expect(machine.commands).toEqual([]);
  });

  it('from a saved state says so', async () => {
    const running = run(new AbortController().signal, { ...SPEC, restoreFrom: '/state' });
    machine.onCommand = () =>
      machine.say('records', REAL.records.replace(/"traceBytes":\d+/, '"traceBytes":0'));
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(5000);
    expect((await running).files.note.start).toBe('restored');
  });
});

describe('a guest that QEMU stops for good', () => {
  const STDERR = 'KVM internal error. Suberror: 1\nRAX=0\n';

  it('in the middle of its trial ends it at once, with QEMU’s words', async () => {
    machine.onQmp = async (command) =>
      command === 'query-status' ? { status: 'internal-error' } : 'RIP=ff RFL=00000246 [\n';
    machine.onCommand = () => {
      machine.say('records', '{"kind":"taint","us":1,"value":0}\n');
      machine.event('STOP');
      machine.end({ exitCode: null, signal: 'SIGKILL', stderr: STDERR });
    };
    const running = run();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await running).files.note.end).toEqual({
      how: 'stopped',
      status: 'internal-error',
      vcpu: 'RIP=ff RFL=00000246',
      stderr: STDERR,
    });
  });

  it('while it boots gets no command', async () => {
    machine.onQmp = async () => ({ status: 'io-error' });
    const running = run();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', '{"kind":"boot"');
    machine.event('STOP');
    machine.end({ stderr: '' });
    await vi.advanceTimersByTimeAsync(5_000);
    const { files } = await running;
    expect(files.note.end).toMatchObject({ how: 'stopped', status: 'io-error' });
    expect(files).toMatchObject({ readyRecords: '{"kind":"boot"', records: '' });
    expect(machine.commands).toEqual([]);
  });

  it('by a debugger is not stopped for good', async () => {
    machine.onQmp = async () => ({ status: 'debug' });
    machine.onCommand = () => {
      machine.event('STOP');
      machine.say('records', REAL.records);
      machine.say('trace', REAL.trace);
    };
    const running = run();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await running).files.note.end).toEqual({ how: 'closing' });
  });
});

describe('a restored guest that ends before it has said a word', () => {
  const restored = {
    readyRecords: REAL.readyRecords,
    resume: async () => null,
    refused: (why: string) => new Error(`refused: ${why}`),
  };
  const start = async (end: () => void): Promise<unknown> => {
    machine.onCommand = end;
    const signal = new AbortController().signal;
    const options = { ...deadlines(plan, SPEC), restored };
    const running = runTrial({ machines, spec: SPEC, signal }, plan, options).catch(
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(5_000);
    return running;
  };

  it.each([
    ['by a reset', { exitCode: 0, signal: null }, 'QEMU ended with exit code 0'],
    ['by an assertion of QEMU', { exitCode: null, signal: 'SIGABRT' }, 'QEMU ended by SIGABRT'],
  ])('%s is a state refused', async (_, end, why) => {
    expect(await start(() => machine.end(end))).toEqual(new Error(`refused: ${why}`));
  });

  it('by a kill from outside is lost as ever', async () => {
    const run = await start(() => machine.end({ exitCode: null, signal: 'SIGKILL' }));
    expect(run).toMatchObject({ files: { note: { end: { how: 'machine-ended' } } } });
  });

  it('after the acknowledgement is lost as ever', async () => {
    const run = await start(() => {
      machine.say('records', '{"kind":"trial","us":1,');
      machine.end({ exitCode: 0, signal: null });
    });
    expect(run).toMatchObject({ files: { note: { end: { how: 'machine-ended', exitCode: 0 } } } });
  });

  it('goes on as ever where nobody refuses', async () => {
    machine.onCommand = () => machine.end({ exitCode: 0, signal: null });
    const { refused: _, ...silent } = restored;
    const signal = new AbortController().signal;
    const options = { ...deadlines(plan, SPEC), restored: silent };
    const running = runTrial({ machines, spec: SPEC, signal }, plan, options);
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await running).files.note.end).toMatchObject({ how: 'machine-ended' });
  });
});

describe('patience', () => {
  afterEach(() => setPatience(1));

  it('multiplies the deadlines of a trial, the guest’s own too', async () => {
    setPatience(2);
    machine.onQmp = () => new Promise(() => undefined);
    expect(trialCommand(plan)).toMatch(/ wait-ms=40000$/);
    const running = run();
    await vi.advanceTimersByTimeAsync(READY_DEADLINE_MS + 10_000);
    machine.say('records', READY);
    await vi.advanceTimersByTimeAsync(2 * TRIAL_DEADLINE_MS + 20_000);
    expect((await running).files.note.end).toMatchObject({
      how: 'deadline',
      afterMs: 2 * TRIAL_DEADLINE_MS,
    });
  });
});

it('a restored trial keeps what its guest’s boot had said where that tells of a crash', async () => {
  const boot = Buffer.from('WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n');
  const restored = { readyRecords: REAL.readyRecords, boot, resume: async () => null };
  machine.onCommand = () => {
    machine.say('records', REAL.records);
    machine.say('trace', REAL.trace);
  };
  const { signal } = new AbortController();
  const options = { ...deadlines(plan, SPEC), restored };
  const running = runTrial({ machines, spec: SPEC, signal }, plan, options);
  await vi.advanceTimersByTimeAsync(5_000);
  expect((await running).files.boot).toEqual(boot);
});
