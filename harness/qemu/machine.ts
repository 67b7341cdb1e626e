// SPDX-License-Identifier: GPL-2.0-only
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { DmraceError } from '../model/errors.js';
import type { Channel, Machine, MachineEnd, MachineSpec, Machines } from '../ports.js';
import { fileChannels, PORTS, qemuCommandLine, type Sockets } from './command-line.js';
import { Qmp } from './qmp.js';
import { Tail } from './tail.js';

/** QEMU connects to all its sockets before it runs anything; under load that takes a moment. */
const CONNECT_DEADLINE_MS = 20_000;
/** How long the sockets of a QEMU that has ended are read. */
const DRAIN_MS = 1_000;
const CHANNELS: readonly (Channel | 'qmp')[] = ['console', ...PORTS, 'qmp'];

/** A listening Unix socket that takes exactly one connection. */
interface Listener {
  readonly server: Server;
  readonly connected: Promise<Socket>;
}

function listen(file: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer();
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

/**
 * Owns one QEMU. The process leads a group of its own, so a kill reaches whatever it starts, and
 * `setpriv --pdeathsig` has the kernel kill it when the harness dies without a chance to.
 */
class QemuMachine implements Machine {
  readonly argv: readonly string[];
  readonly ended: Promise<MachineEnd>;
  readonly #directory: string;
  readonly #listeners = new Map<string, Listener>();
  readonly #sockets = new Map<string, Socket>();
  readonly #early = new Map<Channel, Buffer[]>();
  readonly #subscribers = new Map<Channel, (chunk: Uint8Array) => void>();
  #kill: () => void = () => undefined;
  #qmp: Qmp | null = null;
  /** Of the channels that are files instead of sockets. */
  #tails: readonly Tail[] = [];

  private constructor(argv: readonly string[], directory: string, exited: Promise<MachineEnd>) {
    this.argv = argv;
    this.#directory = directory;
    this.ended = exited.then(async (end) => {
      await this.#drained();
      await Promise.all(this.#tails.map((tail) => tail.close()));
      return end;
    });
  }

  /** QEMU is gone; what it wrote before is read to its end, for a second at most. */
  async #drained(): Promise<void> {
    const open = [...this.#sockets.values()].filter((socket) => !socket.closed);
    const bound = new AbortController();
    await Promise.race([
      Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve)))),
      setTimeout(DRAIN_MS, undefined, { signal: bound.signal }).catch(() => undefined),
    ]);
    bound.abort();
  }

  static async start(spec: MachineSpec, signal: AbortSignal): Promise<QemuMachine> {
    signal.throwIfAborted();
    // Sockets apart from the run directory: a path of more than 107 bytes is no Unix socket.
    const directory = await mkdtemp(path.join(tmpdir(), 'dmrace-'));
    const at = (name: string): string => path.join(directory, name);
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
      listeners.set(channel, await listen(sockets[channel]));
    }

    const argv = qemuCommandLine(spec, sockets);
    const child = execa('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
      detached: true,
      cleanup: false,
      reject: false,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
      maxBuffer: 1 << 20,
      stripFinalNewline: false,
    });
    const ended = child.then((result) => ({
      exitCode: result.exitCode ?? null,
      signal: result.signal ?? null,
      stderr:
        result.stderr ||
        (result.failed && result.exitCode === undefined ? (result.originalMessage ?? '') : ''),
    }));
    const machine = new QemuMachine(argv, directory, ended);
    machine.#kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // the group is gone already
      }
    };
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
    const outcome = await race(all, this.ended, CONNECT_DEADLINE_MS, signal);
    if (outcome !== 'connected') throw startFailure(outcome);
    for (const channel of ['console', ...PORTS] as const) {
      this.#sockets.get(channel)?.on('data', (chunk: Buffer) => this.#deliver(channel, chunk));
    }
    const qmp = this.#sockets.get('qmp');
    if (qmp) this.#qmp = await Qmp.connect(qmp).catch((error) => this.#explain(error, signal));
  }

  /** QEMU opens its channels before it loads the kernel: its own last words say more than a lost socket. */
  async #explain(error: unknown, signal: AbortSignal): Promise<never> {
    const never = new Promise<never>(() => undefined);
    const end = await race(never, this.ended, DRAIN_MS, signal);
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
    return this.#qmp.execute(command, args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.ended;
    for (const [, socket] of this.#sockets) socket.destroy();
    for (const [, listener] of this.#listeners) listener.server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

type Failure = MachineEnd | 'deadline' | 'aborted';

async function race<T>(
  wanted: Promise<T>,
  ended: Promise<MachineEnd>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<T | Failure> {
  const timer = new AbortController();
  let abort: (() => void) | undefined;
  try {
    return await Promise.race<T | Failure>([
      wanted,
      ended,
      setTimeout(deadlineMs, 'deadline' as const, { signal: timer.signal }),
      new Promise((resolve) => {
        abort = () => resolve('aborted');
        signal.addEventListener('abort', abort);
      }),
    ]);
  } finally {
    timer.abort();
    if (abort) signal.removeEventListener('abort', abort);
  }
}

function startFailure(failure: Failure): Error {
  if (failure === 'aborted') return new DOMException('interrupted', 'AbortError');
  if (failure === 'deadline') {
    return new DmraceError('environment', {
      observed: 'QEMU did not open its channels',
      limit: `${CONNECT_DEADLINE_MS} ms`,
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
