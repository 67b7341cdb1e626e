// SPDX-License-Identifier: MIT
import type { Arch } from '../model/arch/index.js';
import type { Machine } from '../ports.js';
import type { Stop } from '../symbols/stops.js';
import { GdbRemote } from './gdb-remote.js';

/** Kernel stacks are 16 KiB and aligned to that on x86-64 and arm64 (THREAD_SIZE). */
const STACK = 0x4000n;

/** Where a guest stands. */
export interface Stopped {
  readonly pc: bigint;
  readonly what: string;
}

/**
 * Opens a machine's gdbstub on a Unix socket and leads the guest from breakpoint to breakpoint. At
 * the last it lets go: the guest stands, no breakpoint is left, and the socket waits for a
 * debugger.
 */
export class Stopper {
  #gdb: GdbRemote | null = null;
  #stopped: Promise<Stopped | null> = Promise.resolve(null);

  constructor(
    readonly arch: Arch,
    readonly socket: string,
    readonly stops: readonly Stop[],
    /** Under KVM; see breakpointPacket(). */
    readonly hardware = false,
  ) {}

  /**
   * Settles when the guest stands at the last stop; null when it ended before. Never rejects early.
   */
  get stopped(): Promise<Stopped | null> {
    return this.#stopped;
  }

  /** Attaches to a machine whose guest waits for its trial, and lets it run to the first stop. */
  async attach(machine: Machine): Promise<void> {
    await machine.qmp('human-monitor-command', {
      'command-line': `gdbserver unix:${this.socket},server=on,wait=off`,
    });
    const gdb = await GdbRemote.connect(this.socket);
    this.#gdb = gdb;
    const [first] = this.stops;
    if (first && first.at !== 'return') {
      await gdb.insertBreakpoint(first.at, this.arch.gdb.breakpointKind, this.hardware);
    }
    this.#stopped = this.#lead(gdb);
    this.#stopped.catch(() => undefined); // whoever asks for it gets the error
  }

  /** Ends the connection, if there still is one. */
  close(): void {
    this.#gdb?.close();
  }

  async #lead(gdb: GdbRemote): Promise<Stopped | null> {
    const { pc, sp, breakpointKind } = this.arch.gdb;
    let stack: bigint | null = null;
    let registers: bigint[] = [];
    for (const [index, stop] of this.stops.entries()) {
      const at: bigint = stop.at === 'return' ? await this.#returnAddress(gdb, registers) : stop.at;
      if (index > 0) await gdb.insertBreakpoint(at, breakpointKind, this.hardware);
      for (;;) {
        if (!(await gdb.run())) return null;
        registers = await gdb.registers();
        const here: bigint = (registers[sp] ?? 0n) / STACK;
        if (registers[pc] === at && (!stop.sameStack || stack === null || here === stack)) {
          stack ??= here;
          break;
        }
        // Somebody else's: one instruction on without the breakpoint, or it would be met again.
        await gdb.removeBreakpoint(at, breakpointKind, this.hardware);
        if (!(await gdb.step())) return null;
        await gdb.insertBreakpoint(at, breakpointKind, this.hardware);
      }
      await gdb.removeBreakpoint(at, breakpointKind, this.hardware);
    }
    gdb.close();
    return { pc: registers[pc] ?? 0n, what: this.stops.at(-1)?.what ?? '' };
  }

  /** At a function's entry. */
  async #returnAddress(gdb: GdbRemote, registers: readonly bigint[]): Promise<bigint> {
    const { link, sp } = this.arch.gdb;
    return link === null ? gdb.word(registers[sp] ?? 0n) : (registers[link] ?? 0n);
  }
}
