// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { boots, type Probed } from '../../../harness/qemu/accel-probe.js';
import { setPatience } from '../../../harness/util/patience.js';
import { FakeMachine } from '../guest/support.js';
import { SPEC } from '../trial/support.js';

const BOOT = '{"kind":"boot","us":1,"release":"6.1","machine":"x86_64","cmdline":""}\n';
let machine: FakeMachine;
let interrupt: AbortController;
const probe = (): Promise<Probed> =>
  boots({ start: async () => machine }, { ...SPEC, accel: 'kvm' }, interrupt.signal);

beforeEach(() => {
  vi.useFakeTimers();
  machine = new FakeMachine();
  interrupt = new AbortController();
});
afterEach(() => {
  vi.useRealTimers();
  setPatience(1);
});

/** The console says a word so often, for so long. */
async function moves(everyMs: number, forMs: number): Promise<void> {
  for (let at = 0; at < forMs; at += everyMs) {
    machine.say('console', '.');
    await vi.advanceTimersByTimeAsync(everyMs);
  }
}

describe('a boot under KVM', () => {
  it('that reaches userspace works, and its machine is gone', async () => {
    const probing = probe();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('records', BOOT);
    expect(await probing).toEqual({ how: 'boots' });
    expect(machine.disposed).toBe(1);
  });

  it('that is slow is waited for while its console moves', async () => {
    const probing = probe();
    await moves(9_000, 45_000);
    machine.say('records', BOOT);
    expect(await probing).toEqual({ how: 'boots' });
  });

  it('for a minute', async () => {
    const probing = probe();
    await moves(5_000, 65_000);
    expect(await probing).toEqual({ how: 'late', why: 'no userspace within 60000 ms' });
  });

  it('and no longer than 10 s once it is silent', async () => {
    const probing = probe();
    await moves(5_000, 5_000);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await probing).toEqual({
      how: 'late',
      why: 'no userspace and a console silent for 10000 ms',
    });
  });

  it('takes as long as --patience gives it', async () => {
    setPatience(3);
    const probing = probe();
    await vi.advanceTimersByTimeAsync(29_000);
    machine.say('records', BOOT);
    expect(await probing).toEqual({ how: 'boots' });
  });

  it('that QEMU stops for an internal error dies, with QEMU’s words', async () => {
    machine.onQmp = async () => ({ status: 'internal-error' });
    const probing = probe();
    await vi.advanceTimersByTimeAsync(1);
    machine.event('STOP');
    machine.end({ exitCode: null, stderr: 'KVM internal error. Suberror: 1\nRAX=0\n' });
    const { how, why } = { why: '', ...(await probing) };
    expect(how).toBe('dies');
    expect(why).toMatch(/^the guest died \(internal-error\) after \d+ ms: KVM internal error/);
  });

  it('whose QEMU ends dies', async () => {
    const probing = probe();
    await vi.advanceTimersByTimeAsync(1);
    machine.end({ exitCode: 1, signal: null, stderr: 'qemu: no\n' });
    expect(await probing).toMatchObject({
      how: 'dies',
      why: expect.stringMatching(/ended.*: qemu: no/),
    });
  });

  it('that resets tells the last line of its console', async () => {
    const probing = probe();
    await vi.advanceTimersByTimeAsync(1);
    machine.say('console', '[    1.0] smpboot: CPU0\r\n[    1.1] last words\r\n');
    machine.end({ exitCode: 0, signal: null });
    expect(await probing).toMatchObject({
      how: 'dies',
      why: expect.stringMatching(/^QEMU ended after \d+ ms: \[ {4}1.1\] last words$/),
    });
  });

  it('that is interrupted is nobody’s answer', async () => {
    const probing = probe();
    await vi.advanceTimersByTimeAsync(1);
    interrupt.abort();
    expect(await probing).toEqual({ how: 'late', why: 'interrupted' });
  });
});
