// SPDX-License-Identifier: MIT
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import type { Channel, Machine, MachineEnd, MachineSpec, Machines } from '../ports.js';
import { unlessAborted, within, withinOrAborted } from '../util/deadline.js';
import { patient } from '../util/patience.js';
import { type Scratch, scratch } from '../util/scratch.js';
import { fileChannels, PORTS, qemuCommandLine, type Sockets } from './command-line.js';
import { type QemuProcess, startQemu } from './process.js';
import { Qmp } from './qmp.js';
import { Tail } from './tail.js';
import { IN_TURNS, readInTurns } from './turns.js';

/** QEMU connects to all its sockets before it runs anything; under load that takes a moment. */
const CONNECT_DEADLINE_MS = 20_000;
/** How long the sockets of a QEMU that has ended are read. */
const DRAIN_MS = 1_000;
/** The console is read so often: a trial takes a hundred times as long. */
const CONSOLE_TURN_MS = 3;
/** A QEMU that was killed is gone in milliseconds. */
const END_MS = 10_000;
const CHANNELS: readonly (Channel | 'qmp')[] = ['console', ...PORTS, 'qmp'];

/** A listening Unix socket that takes exactly one connection. */
interface Listener {
  readonly server: Server;
  readonly connected: Promise<Socket>;
}

function listen(file: string, options: ServerOpts = {}): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer(options);
    const connected = new Promise<Socket>((accept) => {
      server.once('connection', (socket) => {
        server.close(); // one connection only; those that exist live on
        socket.on('error', () => undefined); // QEMU's death is reported by its exit
        accept(socket);
      });
    });
    server.once('error', reject);
    server.listen(file, () => resolve({ server, connected }));
  });
}

/** Owns one QEMU, its channels and the folder of its sockets. */
class QemuMachine implements Machine {
  readonly argv: readonly string[];
  readonly ended: Promise<MachineEnd>;
  readonly #place: Scratch;
  readonly #signal: AbortSignal;
  readonly #qemu: QemuProcess;
  readonly #listeners = new Map<string, Listener>();
  readonly #sockets = new Map<string, Socket>();
  readonly #early = new Map<Channel, Buffer[]>();
  readonly #subscribers = new Map<Channel, (chunk: Uint8Array) => void>();
  #qmp: Qmp | null = null;
  /** Of the channels that are files instead of sockets. */
  #tails: readonly Tail[] = [];

  private constructor(
    argv: readonly string[],
    place: Scratch,
    qemu: QemuProcess,
    signal: AbortSignal,
  ) {
    this.argv = argv;
    this.#place = place;
    this.#signal = signal;
    this.#qemu = qemu;
    this.ended = qemu.ended.then(async (end) => {
      await this.#drained();
      await Promise.all(this.#tails.map((tail) => tail.close()));
      return end;
    });
  }

  /** QEMU is gone; what it wrote before is read to its end, for a second at most. */
  async #drained(): Promise<void> {
    const open = [...this.#sockets.values()].filter((socket) => !socket.closed);
    const read = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await within(Promise.all(read), patient(DRAIN_MS), undefined);
  }

  static async start(spec: MachineSpec, signal: AbortSignal): Promise<QemuMachine> {
    signal.throwIfAborted();
    // Sockets apart from the run directory: a path of more than 107 bytes is no Unix socket.
    const place = scratch();
    try {
      return await QemuMachine.#startIn(place, spec, signal);
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  static async #startIn(
    place: Scratch,
    spec: MachineSpec,
    signal: AbortSignal,
  ): Promise<QemuMachine> {
    const at = (name: string): string => path.join(place.folder, name);
    const sockets: Sockets = {
      console: at('console'),
      records: at('records'),
      commands: at('commands'),
      trace: at('trace'),
      qmp: at('qmp'),
    };
    const listeners = new Map<string, Listener>();
    const files = fileChannels(spec);
    for (const channel of CHANNELS) {
      if (files.some((file) => file === channel)) continue;
      const options = channel === 'console' ? IN_TURNS : {};
      listeners.set(channel, await listen(sockets[channel], options));
    }

    const argv = qemuCommandLine(spec, sockets);
    const qemu = startQemu(argv, at('stderr'));
    const machine = new QemuMachine(argv, place, qemu, signal);
    machine.#tails = files.map(
      (channel) => new Tail(sockets[channel], (chunk) => machine.#deliver(channel, chunk)),
    );
    for (const [name, listener] of listeners) machine.#listeners.set(name, listener);
    try {
      await machine.#connect(signal);
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const all = Promise.all(
      [...this.#listeners].map(async ([name, listener]) => {
        this.#sockets.set(name, await listener.connected);
      }),
    ).then(() => 'connected' as const);
    const outcome = await race(all, this.ended, patient(CONNECT_DEADLINE_MS), signal);
    if (outcome !== 'connected') throw startFailure(outcome);
    for (const channel of PORTS) {
      this.#sockets.get(channel)?.on('data', (chunk: Buffer) => this.#deliver(channel, chunk));
    }
    const serial = this.#sockets.get('console');
    if (serial) readInTurns(serial, CONSOLE_TURN_MS, (chunk) => this.#deliver('console', chunk));
    const qmp = this.#sockets.get('qmp');
    if (!qmp) return;
    this.#qmp = await unlessAborted(Qmp.connect(qmp), signal).catch((error) =>
      this.#explain(error, signal),
    );
  }

  /**
   * QEMU opens its channels before it loads the kernel: its own last words say more than a lost
   * socket.
   */
  async #explain(error: unknown, signal: AbortSignal): Promise<never> {
    const never = new Promise<never>(() => undefined);
    const end = await race(never, this.ended, patient(DRAIN_MS), signal);
    throw typeof end === 'string' ? error : startFailure(end);
  }

  #deliver(channel: Channel, chunk: Buffer): void {
    const subscriber = this.#subscribers.get(channel);
    if (subscriber) subscriber(chunk);
    else this.#early.set(channel, [...(this.#early.get(channel) ?? []), chunk]);
  }

  onData(channel: Channel, listener: (chunk: Uint8Array) => void): void {
    this.#subscribers.set(channel, listener);
    for (const chunk of this.#early.get(channel) ?? []) listener(chunk);
    this.#early.delete(channel);
  }

  command(line: string): void {
    this.#sockets.get('commands')?.write(`${line}\n`);
  }

  onEvent(listener: (event: string) => void): void {
    this.#qmp?.onEvent(listener);
  }

  qmp(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    if (!this.#qmp) throw new Error('QMP is connected before start() returns');
    return unlessAborted(this.#qmp.execute(command, args), this.#signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#qemu.kill();
    // A process that waits for a disk cannot be killed; it is not waited for, for ever.
    await within(this.ended, END_MS, undefined);
    for (const [, socket] of this.#sockets) socket.destroy();
    for (const [, listener] of this.#listeners) listener.server.close();
    this.#place[Symbol.dispose]();
  }
}

type Failure = MachineEnd | 'deadline' | 'aborted';

async function race<T>(
  wanted: Promise<T>,
  ended: Promise<MachineEnd>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<T | Failure> {
  const either = Promise.race([wanted, ended]);
  const instead = { late: 'deadline', aborted: 'aborted' } as const;
  return withinOrAborted(either, deadlineMs, signal, instead);
}

function startFailure(failure: Failure): Error {
  if (failure === 'aborted') return new DOMException('interrupted', 'AbortError');
  if (failure === 'deadline') {
    return new DmraceError('environment', {
      observed: 'QEMU did not open its channels',
      limit: `${patient(CONNECT_DEADLINE_MS)} ms`,
      action: 'check the load of this machine, or QEMU itself with dmrace doctor --self-test',
    });
  }
  const last = failure.stderr.trim().split('\n').at(-1) ?? '';
  return new DmraceError('environment', {
    observed: `QEMU did not start (${failure.signal ?? `exit code ${failure.exitCode}`}): ${last || 'no message'}`,
    action: 'run dmrace doctor',
  });
}

/** Real QEMU. */
export const qemuMachines: Machines = {
  start: (spec, signal) => QemuMachine.start(spec, signal),
};
