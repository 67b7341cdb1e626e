// SPDX-License-Identifier: MIT
import { GuestSession } from '../guest/session.js';
import { watchStops } from '../guest/stopped.js';
import { causeIn } from '../model/qemu-said.js';
import type { MachineSpec, Machines } from '../ports.js';
import { patient } from '../util/patience.js';

/**
 * A guest under working KVM says its first word within a second and reaches userspace in 2 s. A
 * nested one (KVM under TCG) takes 20 s and more, but its console moves.
 */
const SILENT_MS = 10_000;
const BOUND_MS = 60_000;

/** What a boot came to. */
export type Probed =
  | { readonly how: 'boots' }
  /** It was slow, or hangs: nobody knows. */
  | { readonly how: 'late'; readonly why: string }
  | { readonly how: 'dies'; readonly why: string };

/** Boots a kernel to userspace, as long as its console moves; the machine is gone after that. */
export async function boots(
  machines: Machines,
  spec: MachineSpec,
  signal: AbortSignal,
): Promise<Probed> {
  const started = Date.now();
  const after = (): string => `after ${Date.now() - started} ms`;
  try {
    await using machine = await machines.start(spec, signal);
    const session = new GuestSession(machine);
    let moved = false;
    session.onConsole(() => {
      moved = true;
    });
    // A guest that KVM cannot run is stopped by QEMU ("KVM internal error") and sits there.
    const stop = watchStops(machine, () => session.poke());
    const silentMs = patient(SILENT_MS);
    const boundMs = patient(BOUND_MS);
    for (;;) {
      moved = false;
      const leftMs = boundMs - (Date.now() - started);
      const failure = await session.until(
        () => stop.status !== null || session.has('boot'),
        Math.min(silentMs, leftMs),
        signal,
      );
      if (session.has('boot')) return { how: 'boots' };
      if (failure?.failed === 'deadline') {
        if (moved && Date.now() - started < boundMs) continue;
        const limit = moved ? `within ${boundMs} ms` : `and a console silent for ${silentMs} ms`;
        return { how: 'late', why: `no userspace ${limit}` };
      }
      if (failure?.failed === 'machine-ended') {
        const said = causeIn(failure.end.stderr) || lastLine(session.consoleBytes);
        return { how: 'dies', why: `QEMU ended ${after()}${said && `: ${said}`}` };
      }
      if (failure?.failed === 'interrupted') return { how: 'late', why: 'interrupted' };
      await machine[Symbol.asyncDispose]();
      const said = causeIn((await machine.ended).stderr);
      return {
        how: 'dies',
        why: `the guest died (${stop.status}) ${after()}${said && `: ${said}`}`,
      };
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { how: 'dies', why: said ?? 'QEMU failed' };
  }
}

/** The guest's last words, where QEMU has none: it reset, or its kernel panicked. */
function lastLine(console: Uint8Array): string {
  const lines = Buffer.from(console).toString('latin1').split('\n');
  return lines.map((line) => line.trim()).findLast((line) => line !== '') ?? 'a silent console';
}
