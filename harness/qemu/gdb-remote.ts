// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from 'node:net';
import { DmraceError } from '../model/errors.js';
import { within } from '../util/deadline.js';
import { patient } from '../util/patience.js';

/** A stub that says nothing for so long is none. */
const GREET_MS = 20_000;

/** One packet of the protocol: `$data#sum`, the sum of all bytes modulo 256 in two hex digits. */
export function packet(data: string): string {
  const sum = Buffer.from(data, 'latin1').reduce((total, byte) => total + byte, 0) & 0xff;
  return `$${data}#${sum.toString(16).padStart(2, '0')}`;
}

/** Splits what was received into packets; acknowledgements between them are dropped. */
export function packetsIn(text: string): { packets: string[]; rest: string } {
  const packets: string[] = [];
  let rest = text;
  for (;;) {
    const found = /\$([^#]*)#[0-9a-f]{2}/.exec(rest);
    if (!found) return { packets, rest };
    packets.push(found[1] ?? '');
    rest = rest.slice(found.index + found[0].length);
  }
}

/**
 * Inserts (`Z`) or removes (`z`) a breakpoint. Under TCG one of software is a mark in QEMU's own
 * tables. Under KVM it is an instruction written into the guest's memory (QEMU 7.2,
 * target/i386/kvm/kvm.c, kvm_arch_insert_sw_breakpoint()), which is gone with the module's text that
 * is unloaded; one of hardware is a debug register and stays (kvm_arch_insert_hw_breakpoint()).
 * @param kind what the architecture's breakpoints are called in these packets: 1 on x86, 4 on arm64
 */
export const breakpointPacket = (
  what: 'Z' | 'z',
  address: bigint,
  kind: number,
  hardware: boolean,
): string => `${what}${hardware ? 1 : 0},${address.toString(16)},${kind}`;

/**
 * The few words of gdb's remote protocol (appendix E of gdb's manual) that stop a guest where it is
 * to be looked at, spoken to QEMU's gdbstub. The guest stops when the connection is made. Closing
 * it leaves the guest as it is: a debugger may connect next. The owner calls {@link close}.
 */
export class GdbRemote {
  #text = '';
  readonly #unclaimed: string[] = [];
  readonly #waiting: ((reply: string | null) => void)[] = [];

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      const { packets, rest } = packetsIn(this.#text + String(chunk));
      this.#text = rest;
      for (const reply of packets) {
        socket.write('+');
        const waiting = this.#waiting.shift();
        if (waiting) waiting(reply);
        else this.#unclaimed.push(reply);
      }
    });
    socket.on('close', () => {
      for (const waiting of this.#waiting.splice(0)) waiting(null);
    });
    socket.on('error', () => undefined); // its close follows, and QEMU's end is reported by itself
  }

  /** @throws DmraceError (environment) when nobody listens there, or it is no gdbstub. */
  static async connect(path: string, deadlineMs = patient(GREET_MS)): Promise<GdbRemote> {
    const gdb = await GdbRemote.#open(path);
    const late = setTimeout(() => gdb.close(), deadlineMs);
    await gdb.#greet().finally(() => clearTimeout(late));
    return gdb;
  }

  /**
   * QEMU stops the guest for whoever connects and tells so unasked (gdb_vm_state_change() of 7.2's
   * gdbstub.c), before or after the first question. What comes before the answer to qC, which no
   * other packet looks like, is that.
   */
  async #greet(): Promise<void> {
    for (let reply = await this.#send('qC'); !reply?.startsWith('QC'); reply = await this.#next()) {
      if (reply === null) throw this.#bad('qC', reply);
    }
  }

  #next(): Promise<string | null> {
    return new Promise((resolve) => {
      const there = this.#unclaimed.shift();
      if (there !== undefined) return resolve(there);
      if (this.socket.destroyed) return resolve(null);
      this.#waiting.push(resolve);
    });
  }

  static #open(path: string): Promise<GdbRemote> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path, () => resolve(new GdbRemote(socket)));
      socket.once('error', (error) => {
        reject(
          new DmraceError('environment', {
            observed: `QEMU’s gdbstub cannot be reached: ${error.message}`,
            artefact: path,
            action: 'check the QEMU version with dmrace doctor',
          }),
        );
      });
    });
  }

  #send(data: string): Promise<string | null> {
    this.#unclaimed.length = 0;
    if (!this.socket.destroyed) this.socket.write(packet(data));
    return this.#next();
  }

  async #ask(data: string): Promise<string> {
    const reply = await within(this.#send(data), GREET_MS, null);
    if (reply !== null && reply !== '' && !/^E[0-9a-f]{2}$/.test(reply)) return reply;
    throw this.#bad(data, reply);
  }

  #bad(data: string, reply: string | null): DmraceError {
    return new DmraceError('environment', {
      observed: `QEMU’s gdbstub answered ${data.slice(0, 20)} with ${reply === null ? 'its end' : JSON.stringify(reply)}`,
      action: 'check the QEMU version with dmrace doctor',
    });
  }

  /** Inserts a breakpoint of {@link breakpointPacket}'s kinds. */
  async insertBreakpoint(address: bigint, kind: number, hardware = false): Promise<void> {
    await this.#ask(breakpointPacket('Z', address, kind, hardware));
  }

  async removeBreakpoint(address: bigint, kind: number, hardware = false): Promise<void> {
    await this.#ask(breakpointPacket('z', address, kind, hardware));
  }

  /** Lets the guest run until it stops; false when it ended instead. */
  run(): Promise<boolean> {
    return this.#go('c');
  }

  /** One instruction; false when the guest ended. */
  step(): Promise<boolean> {
    return this.#go('s');
  }

  async #go(how: 'c' | 's'): Promise<boolean> {
    const reply = await this.#send(how);
    if (reply !== null && /^[TS]/.test(reply)) return true;
    if (reply === null || /^[WX]/.test(reply)) return false;
    throw this.#bad(how, reply);
  }

  /** The 64-bit registers at the beginning of packet g, in the architecture's order. */
  async registers(): Promise<bigint[]> {
    const bytes = Buffer.from(await this.#ask('g'), 'hex');
    return Array.from({ length: Math.min(33, bytes.length >> 3) }, (_, index) =>
      bytes.readBigUInt64LE(index * 8),
    );
  }

  /** A 64-bit word of the guest's virtual memory. */
  async word(address: bigint): Promise<bigint> {
    const bytes = Buffer.from(await this.#ask(`m${address.toString(16)},8`), 'hex');
    return bytes.readBigUInt64LE();
  }

  close(): void {
    this.socket.destroy();
  }
}
