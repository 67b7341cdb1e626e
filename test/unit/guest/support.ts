// SPDX-License-Identifier: MIT
import type { Channel, Machine, MachineEnd } from '../../../harness/ports.js';

/** A machine without QEMU: a test says what comes out of it. */
export class FakeMachine implements Machine {
  readonly argv = ['qemu-fake'];
  readonly commands: string[] = [];
  readonly ended: Promise<MachineEnd>;
  disposed = 0;
  /** Called for every command, to answer it. */
  onCommand: (line: string) => void = () => undefined;
  onQmp: (command: string, args?: Record<string, unknown>) => Promise<unknown> = async () => '';
  #end: (end: MachineEnd) => void = () => undefined;
  readonly #events: ((event: string) => void)[] = [];
  readonly #listeners = new Map<Channel, (chunk: Uint8Array) => void>();

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  onData(channel: Channel, listener: (chunk: Uint8Array) => void): void {
    this.#listeners.set(channel, listener);
  }
  onEvent(listener: (event: string) => void): void {
    this.#events.push(listener);
  }
  command(line: string): void {
    this.commands.push(line);
    this.onCommand(line);
  }
  qmp(command: string, args?: Record<string, unknown>): Promise<unknown> {
    return this.onQmp(command, args);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
  }

  /** The guest says something. */
  say(channel: Channel, text: string): void {
    this.#listeners.get(channel)?.(Buffer.from(text, 'latin1'));
  }
  /** QEMU tells of an event. */
  event(name: string): void {
    for (const listener of this.#events) listener(name);
  }
  end(end: Partial<MachineEnd> = {}): void {
    this.#end({ exitCode: null, signal: 'SIGKILL', stderr: '', ...end });
  }
}
