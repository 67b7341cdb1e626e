// SPDX-License-Identifier: MIT
import { type VisitOrder, visitCommand } from '../audit/live/command.js';
import { GuestSession, type WaitFailure } from '../guest/session.js';
import { type StopWatch, watchStops } from '../guest/stopped.js';
import { DmraceError } from '../model/errors.js';
import type { GuestRecord } from '../model/record.js';
import type { Machine } from '../ports.js';
import { qemuMachines } from '../qemu/machine.js';
import { patient } from '../util/patience.js';
import { type AuditGuestKind, type AuditRig, BOOT_MS } from './audit.js';
import { resume } from './ready-state.js';

/** Beyond the limit of a command nothing of a visit is silent for so long. */
const SILENT_MS = 20_000;
/** The kernel's log comes in order, and a mark is its last line. */
const MARK_MS = 5_000;
/** What a kernel that panicked still prints. */
const LAST_WORDS_MS = 3_000;
const LAST_SILENT_MS = 200;

/** What came of one visit. */
export interface GuestVisit {
  readonly records: readonly GuestRecord[];
  /** The console from the visit's mark on. */
  readonly console: string;
  /** Why the guest said no more; null when the visit came to its end. */
  readonly lost: string | null;
  /** Whether the guest is of no use for another. */
  readonly spoiled: boolean;
  readonly durationMs: number;
}

/** A guest of an audit. Disposing it kills its machine. */
export class AuditGuest implements AsyncDisposable {
  #console = '';
  readonly #session: GuestSession;
  readonly #stop: StopWatch;

  private constructor(
    readonly machine: Machine,
    session: GuestSession,
    readonly signal: AbortSignal,
  ) {
    this.#session = session;
    this.#stop = watchStops(machine, () => session.poke());
    session.onConsole((chunk) => {
      this.#console += Buffer.from(chunk).toString('latin1');
    });
  }

  /**
   * A fresh guest, from the saved one where there is one.
   * @throws DmraceError (environment) when it does not get ready; AbortError after an interrupt
   */
  static async start(
    rig: AuditRig,
    kind: AuditGuestKind,
    signal: AbortSignal,
  ): Promise<AuditGuest> {
    const state = await rig.save(kind);
    const spec = { ...rig.boots(kind), restoreFrom: state?.folder ?? null };
    const machine = await qemuMachines.start(spec, signal);
    try {
      const session = new GuestSession(machine);
      const guest = new AuditGuest(machine, session, signal);
      if (state) {
        await resume(machine, state.folder, false, signal);
        return guest;
      }
      const ready = (): boolean => session.has('ready') || guest.#stop.status !== null;
      const failure = await session.until(ready, patient(BOOT_MS), signal);
      signal.throwIfAborted();
      if (failure || guest.#stop.status !== null) throw notReady(failure);
      session.takeRecordsText();
      return guest;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One visit, from its order to its last word or the guest's. @throws AbortError. */
  async visit(order: VisitOrder): Promise<GuestVisit> {
    const started = performance.now();
    const session = this.#session;
    session.takeRecordsText();
    this.#console = '';
    for (const line of visitCommand(order)) this.machine.command(line);
    const failure = await this.#over(order);
    this.signal.throwIfAborted();
    const mark = `dmrace: visited ${order.number}`;
    if (failure === null) {
      await session.until(() => this.#console.includes(mark), patient(MARK_MS), this.signal);
    } else {
      await session.untilSilent(LAST_SILENT_MS, patient(LAST_WORDS_MS), this.signal);
    }
    const { records } = session;
    const last = records.find((one) => one.kind === 'visited' && one.visit === order.number);
    return {
      records: [...records],
      console: this.#console,
      lost: failure === null ? null : lostWhy(failure, this.#stop.status, order),
      spoiled: failure !== null || (last?.kind === 'visited' && last.spoiled === 1),
      durationMs: Math.round(performance.now() - started),
    };
  }

  /** Waits for the visit's last record; every record gives the next one its time. */
  async #over({ number, limitMs, settleMs }: VisitOrder): Promise<WaitFailure | 'stopped' | null> {
    const session = this.#session;
    const bound = patient(limitMs + settleMs + SILENT_MS);
    const visited = (): boolean =>
      session.records.some((one) => one.kind === 'visited' && one.visit === number);
    for (;;) {
      const seen = session.records.length;
      const more = (): boolean => session.records.length > seen || this.#stop.status !== null;
      if (visited()) return null;
      const failure = await session.until(more, bound, this.signal);
      if (visited()) return null;
      if (failure) return failure;
      if (this.#stop.status !== null) return 'stopped';
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

function lostWhy(
  failure: WaitFailure | 'stopped',
  status: string | null,
  { limitMs, settleMs }: VisitOrder,
): string {
  if (failure === 'stopped') return `QEMU stopped it (${status})`;
  if (failure.failed === 'machine-ended') return 'its kernel panicked or switched itself off';
  const seconds = patient(limitMs + settleMs + SILENT_MS) / 1000;
  return `it said nothing for ${seconds.toFixed(0)} s`;
}

const notReady = (failure: WaitFailure | null): DmraceError =>
  new DmraceError('environment', {
    observed: `the guest of the audit did not get ready (${failure?.failed ?? 'QEMU stopped it'})`,
    limit: `${patient(BOOT_MS) / 1000} s`,
    action: 'check the load of this machine, or raise --patience',
  });
