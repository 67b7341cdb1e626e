// SPDX-License-Identifier: MIT

import { parseRecord } from '../model/read-record.js';
import type { GuestRecord, RecordKind } from '../model/record.js';
import type { Machine, MachineEnd } from '../ports.js';
import { pause, withinOrAborted } from '../util/deadline.js';

/** Why a wait ended without what it waited for. */
export type WaitFailure =
  | { readonly failed: 'deadline' }
  | { readonly failed: 'machine-ended'; readonly end: MachineEnd }
  | { readonly failed: 'interrupted' };

/** What a wait came to: null is what it waited for. */
type Met = null | WaitFailure;

/** One expectation, which is asked at every byte that arrives. */
class Waiter {
  readonly met: Promise<Met>;
  #settle: (met: Met) => void = () => undefined;

  /** @param outcome undefined as long as there is none */
  constructor(readonly outcome: () => Met | undefined) {
    this.met = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  ask(): void {
    const met = this.outcome();
    if (met !== undefined) this.#settle(met);
  }
}

/**
 * What comes out of one guest: its console, records and trace, kept as they arrive. It owns no
 * process; the machine's owner disposes it.
 */
export class GuestSession {
  readonly #console: Uint8Array[] = [];
  readonly #trace: Uint8Array[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #consoleListeners: ((chunk: Uint8Array) => void)[] = [];
  #recordsText = '';
  #records: GuestRecord[] = [];
  #partial = '';
  #traceBytes = 0;
  #lastConsoleMs = Date.now();
  #end: MachineEnd | null = null;

  constructor(readonly machine: Machine) {
    machine.onData('console', (chunk) => {
      this.#console.push(chunk);
      this.#lastConsoleMs = Date.now();
      for (const listener of this.#consoleListeners) listener(chunk);
      this.#notify();
    });
    machine.onData('trace', (chunk) => {
      this.#trace.push(chunk);
      this.#traceBytes += chunk.length;
      this.#notify();
    });
    machine.onData('records', (chunk) => this.#takeRecords(chunk));
    void machine.ended.then((end) => {
      this.#end = end;
      this.#notify();
    });
  }

  #takeRecords(chunk: Uint8Array): void {
    const text = Buffer.from(chunk).toString('latin1'); // records are ASCII by construction
    this.#recordsText += text;
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) {
      const parsed = parseRecord(line);
      if (parsed.ok) this.#records.push(parsed.record);
    }
    this.#notify();
  }

  #notify(): void {
    for (const waiter of this.#waiters) waiter.ask();
  }

  /** Calls back with what the console says from now on, as it says it. */
  onConsole(listener: (chunk: Uint8Array) => void): void {
    this.#consoleListeners.push(listener);
  }

  /** Has the waits ask again, after something that did not come through a channel. */
  poke(): void {
    this.#notify();
  }

  /** Records since the last mark. */
  get records(): readonly GuestRecord[] {
    return this.#records;
  }
  get recordsText(): string {
    return this.#recordsText;
  }
  get consoleBytes(): Uint8Array {
    return Buffer.concat(this.#console);
  }
  get traceText(): string {
    return Buffer.concat(this.#trace).toString('latin1');
  }
  get traceBytes(): number {
    return this.#traceBytes;
  }

  /** Ends a phase: returns the records so far and starts afresh. The console goes on. */
  takeRecordsText(): string {
    const text = this.#recordsText;
    this.#recordsText = '';
    this.#records = [];
    return text;
  }

  has(kind: RecordKind): boolean {
    return this.#records.some((record) => record.kind === kind);
  }

  /** Waits until `test` holds; it is asked again at every byte that arrives. */
  async until(test: () => boolean, deadlineMs: number, signal: AbortSignal): Promise<Met> {
    if (test()) return null;
    if (signal.aborted) return { failed: 'interrupted' };
    if (this.#end) return { failed: 'machine-ended', end: this.#end };
    const waiter = new Waiter(() => {
      if (test()) return null;
      return this.#end ? { failed: 'machine-ended', end: this.#end } : undefined;
    });
    this.#waiters.add(waiter);
    try {
      return await withinOrAborted(waiter.met, deadlineMs, signal, {
        late: { failed: 'deadline' } as const,
        aborted: { failed: 'interrupted' } as const,
      });
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /**
   * Waits until the console has been silent for `silentMs`, `boundMs` at most. The machine's end
   * does not cut this short: what it printed last may still be on its way.
   */
  async untilSilent(silentMs: number, boundMs: number, signal: AbortSignal): Promise<void> {
    const bound = Date.now() + boundMs;
    let since = Date.now();
    while (!signal.aborted) {
      const left = Math.min(since + silentMs, bound) - Date.now();
      if (left <= 0) return;
      const seen = this.#lastConsoleMs;
      await pause(left, signal);
      if (this.#lastConsoleMs === seen) return;
      since = this.#lastConsoleMs;
    }
  }
}
