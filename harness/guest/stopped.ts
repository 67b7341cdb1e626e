// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Machine } from '../ports.js';

const Status = z.looseObject({ status: z.string() });

/**
 * Run states in which QEMU has stopped a guest for good, by itself (QEMU 7.2, qapi/run-state.json,
 * RunState): KVM could not run it, its kernel panicked, a write to the host's disk failed, it shut
 * down. A debugger's or a migration's stops have other names.
 */
const FOR_GOOD: ReadonlySet<string> = new Set([
  'internal-error',
  'guest-panicked',
  'io-error',
  'watchdog',
]);

/** Whether a guest was stopped for good; null until then. */
export interface StopWatch {
  readonly status: string | null;
}

/**
 * Watches a machine's events from now on. STOP alone does not tell why: QEMU is asked.
 * @param stopped called when the guest was stopped for good
 */
export function watchStops(machine: Machine, stopped: () => void): StopWatch {
  const watch: { status: string | null } = { status: null };
  const found = (status: string): void => {
    watch.status ??= status;
    stopped();
  };
  machine.onEvent((event) => {
    if (event === 'GUEST_PANICKED') return found('guest-panicked');
    if (event !== 'STOP' || watch.status !== null) return;
    machine.qmp('query-status').then(
      (answer) => {
        const said = Status.safeParse(answer);
        if (said.success && FOR_GOOD.has(said.data.status)) found(said.data.status);
      },
      () => undefined, // QEMU is gone, which its end tells
    );
  });
  return watch;
}
