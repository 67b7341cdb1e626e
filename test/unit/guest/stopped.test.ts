// SPDX-License-Identifier: MIT
import { expect, it, vi } from 'vitest';
import { watchStops } from '../../../harness/guest/stopped.js';
import { FakeMachine } from './support.js';

function watched(status: string): {
  machine: FakeMachine;
  status: () => string | null;
  poked: () => number;
} {
  const machine = new FakeMachine();
  machine.onQmp = async () => ({ status });
  let poked = 0;
  const watch = watchStops(machine, () => poked++);
  return { machine, status: () => watch.status, poked: () => poked };
}

it.each(['internal-error', 'io-error', 'guest-panicked'])('%s is a stop for good', async (why) => {
  const { machine, status, poked } = watched(why);
  machine.event('STOP');
  await vi.waitFor(() => expect(status()).toBe(why));
  expect(poked()).toBe(1);
});

it.each(['debug', 'paused', 'running', 'finish-migrate'])('%s is none', async (why) => {
  const { machine, status, poked } = watched(why);
  const asked = vi.fn(async () => ({ status: why }));
  machine.onQmp = asked;
  machine.event('STOP');
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  await Promise.resolve();
  expect(status()).toBeNull();
  expect(poked()).toBe(0);
});

it('a panic that QEMU tells of needs no question', () => {
  const { machine, status } = watched('running');
  machine.event('GUEST_PANICKED');
  expect(status()).toBe('guest-panicked');
});

it('a QEMU that is gone is none of its business', async () => {
  const { machine, status } = watched('running');
  machine.onQmp = () => Promise.reject(new Error('gone'));
  machine.event('STOP');
  await new Promise((resolve) => setImmediate(resolve));
  expect(status()).toBeNull();
});
