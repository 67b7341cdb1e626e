// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { within } from '../util/deadline.js';
import { patient } from '../util/patience.js';

// docs/interop/qmp-spec.txt of QEMU 7.2: greeting, then responses and events, one JSON a line.
const Message = z.union([
  z.looseObject({ QMP: z.unknown() }),
  z.looseObject({ return: z.unknown(), id: z.number().optional() }),
  z.looseObject({
    error: z.looseObject({ desc: z.string().default('no reason given') }),
    id: z.number().optional(),
  }),
  z.looseObject({ event: z.string() }),
]);

/** QEMU answers in milliseconds; a loaded machine gets a lot more, a stopped one no more than that. */
const ANSWER_MS = 20_000;

const Refused = z.looseObject({
  error: z.looseObject({ desc: z.string().default('no reason given') }),
});

interface Pending {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** QEMU's machine protocol on a connected socket. The socket's owner closes it. */
export class Qmp {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #events: ((event: string) => void)[] = [];
  #next = 1;
  #gone = false;

  private constructor(
    socket: Socket,
    readonly answerMs: number,
  ) {
    this.#socket = socket;
    let begun = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (begun + text).split('\n');
      begun = lines.pop() ?? '';
      for (const line of lines) this.#receive(line);
    });
    socket.on('error', () => undefined); // the close below tells everybody
    socket.on('close', () => {
      this.#gone = true;
      for (const [, pending] of this.#pending) pending.reject(this.#lost(pending.command));
      this.#pending.clear();
    });
  }

  /** Negotiates capabilities; commands work after this. */
  static async connect(socket: Socket, answerMs = patient(ANSWER_MS)): Promise<Qmp> {
    const qmp = new Qmp(socket, answerMs);
    await qmp.execute('qmp_capabilities');
    return qmp;
  }

  /**
   * @throws DmraceError (environment) when QEMU refuses the command, is gone, or does not answer in
   *   time.
   */
  async execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const late = Symbol('late');
    const answer = await within(this.#ask(command, args), this.answerMs, late);
    if (answer !== late) return answer;
    throw new DmraceError('environment', {
      observed: `QEMU did not answer ${command}`,
      limit: `${this.answerMs} ms`,
      action: 'check the load of this machine, and whether something has stopped QEMU',
    });
  }

  #ask(command: string, args: Record<string, unknown>): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#lost(command));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { command, resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  onEvent(listener: (event: string) => void): void {
    this.#events.push(listener);
  }

  #receive(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return; // a torn line of a QEMU that dies; the close handler reports it
    }
    const message = Message.safeParse(value);
    if (!message.success) return;
    if ('event' in message.data && typeof message.data.event === 'string') {
      for (const listener of this.#events) listener(message.data.event);
      return;
    }
    const id = 'id' in message.data ? Number(message.data.id) : Number.NaN;
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    const refused = Refused.safeParse(message.data);
    if (refused.success) {
      pending.reject(this.#refused(pending.command, refused.data.error.desc));
    } else pending.resolve('return' in message.data ? message.data.return : undefined);
  }

  #lost(command: string): DmraceError {
    return new DmraceError('environment', {
      observed: `QEMU was gone when it was asked for ${command}`,
      action: 'read QEMU’s stderr in the trial’s directory',
    });
  }

  #refused(command: string, why: string): DmraceError {
    return new DmraceError('environment', {
      observed: `QEMU refused ${command}: ${why}`,
      action: 'check the QEMU version with dmrace doctor',
    });
  }
}
