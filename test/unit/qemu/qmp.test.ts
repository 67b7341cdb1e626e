// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DmraceError } from '../../../harness/model/errors.js';
import { Qmp } from '../../../harness/qemu/qmp.js';

interface Command {
  readonly execute: string;
  readonly arguments: Record<string, unknown>;
  readonly id: number;
}

/** A QEMU that answers as it is told; it greets as QEMU 7.2 does. */
class FakeQemu {
  readonly heard: Command[] = [];
  socket: Socket | null = null;
  answer: (command: Command) => unknown = ({ id }) => ({ return: {}, id });

  accept(socket: Socket): void {
    this.socket = socket;
    socket.on('error', () => undefined);
    this.say({
      QMP: { version: { qemu: { micro: 0, minor: 2, major: 7 }, package: '' }, capabilities: [] },
    });
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const command = JSON.parse(line) as Command;
        this.heard.push(command);
        const answer = this.answer(command);
        if (answer !== undefined) this.say(answer);
      }
    });
  }

  say(message: unknown): void {
    this.socket?.write(`${JSON.stringify(message)}\r\n`);
  }
}

let directory: string;
let server: Server;
let qemu: FakeQemu;
let socket: Socket;

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'dmrace-qmp-test-'));
  qemu = new FakeQemu();
  server = createServer((accepted) => qemu.accept(accepted));
  const file = path.join(directory, 's');
  await new Promise<void>((resolve) => server.listen(file, resolve));
  socket = connect(file);
});

afterEach(async () => {
  socket.destroy();
  qemu.socket?.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

describe('QMP', () => {
  it('negotiates capabilities before anything else', async () => {
    await Qmp.connect(socket);
    expect(qemu.heard.map((command) => command.execute)).toEqual(['qmp_capabilities']);
  });

  it('returns what QEMU returned, to the one who asked', async () => {
    const qmp = await Qmp.connect(socket);
    const pending: Command[] = [];
    qemu.answer = (command) => {
      pending.push(command);
      if (pending.length < 3) return undefined;
      // In the reverse order.
      for (const one of [...pending].reverse()) qemu.say({ return: one.arguments, id: one.id });
      return undefined;
    };
    const asked = [1, 2, 3].map((n) => qmp.execute('echo', { n }));
    expect(await Promise.all(asked)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const ids = qemu.heard.map((command) => command.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sends the command and its arguments', async () => {
    const qmp = await Qmp.connect(socket);
    await qmp.execute('migrate', { uri: 'exec:cat > "x"' });
    expect(qemu.heard.at(-1)).toMatchObject({
      execute: 'migrate',
      arguments: { uri: 'exec:cat > "x"' },
    });
    await qmp.execute('stop');
    expect(qemu.heard.at(-1)).toMatchObject({ execute: 'stop', arguments: {} });
  });

  it('gives QEMU’s own words when it refuses', async () => {
    const qmp = await Qmp.connect(socket);
    qemu.answer = ({ id }) => ({ error: { class: 'GenericError', desc: 'No such device' }, id });
    const refused = await qmp.execute('device_del').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DmraceError);
    expect(refused).toMatchObject({
      code: 'environment',
      facts: { observed: 'QEMU refused device_del: No such device' },
    });
    qemu.answer = ({ id }) => ({ return: 'still alive', id });
    expect(await qmp.execute('stop')).toBe('still alive');
  });

  it('hands events to those who listen, and takes them for no answer', async () => {
    const qmp = await Qmp.connect(socket);
    const events: string[] = [];
    qmp.onEvent((event) => events.push(event));
    qemu.answer = ({ id }) => {
      qemu.say({ event: 'STOP', timestamp: { seconds: 1, microseconds: 2 } });
      qemu.say({ event: 'RESUME', data: {} });
      return { return: { done: true }, id };
    };
    expect(await qmp.execute('stop')).toEqual({ done: true });
    expect(events).toEqual(['STOP', 'RESUME']);
  });

  it('survives noise', async () => {
    const qmp = await Qmp.connect(socket);
    qemu.answer = ({ id }) => {
      qemu.socket?.write(
        'not json\n{"torn":\n\n[1]\nnull\n{"return":{},"id":9999}\n{"return":{}}\n',
      );
      return { return: 7, id };
    };
    expect(await qmp.execute('stop')).toBe(7);
  });

  it('reads an answer that comes in pieces', async () => {
    const qmp = await Qmp.connect(socket);
    qemu.answer = ({ id }) => {
      const text = `${JSON.stringify({ return: { long: 'x'.repeat(5000) }, id })}\n`;
      qemu.socket?.write(text.slice(0, 20));
      setTimeout(() => qemu.socket?.write(text.slice(20)), 20);
      return undefined;
    };
    expect(await qmp.execute('stop')).toEqual({ long: 'x'.repeat(5000) });
  });

  it('fails what is pending when QEMU goes, and everything after', async () => {
    const qmp = await Qmp.connect(socket);
    qemu.answer = () => {
      qemu.socket?.destroy();
      return undefined;
    };
    const asked = await Promise.allSettled([qmp.execute('stop'), qmp.execute('cont')]);
    for (const one of asked) expect(one.status).toBe('rejected');
    await expect(qmp.execute('query-status')).rejects.toMatchObject({
      code: 'environment',
      facts: { observed: 'QEMU was gone when it was asked for query-status' },
    });
  });

  it('does not wait for ever for a QEMU that stands still, in the handshake or later', async () => {
    qemu.answer = () => undefined;
    await expect(Qmp.connect(socket, 50)).rejects.toMatchObject({
      code: 'environment',
      facts: { observed: 'QEMU did not answer qmp_capabilities', limit: '50 ms' },
    });
    qemu.answer = ({ id, execute }) => (execute === 'stop' ? undefined : { return: {}, id });
    const qmp = await Qmp.connect(socket, 1000);
    await expect(qmp.execute('stop')).rejects.toMatchObject({
      facts: { observed: 'QEMU did not answer stop' },
    });
  });

  it('fails to connect when QEMU goes before it has answered', async () => {
    qemu.answer = () => {
      qemu.socket?.destroy();
      return undefined;
    };
    await expect(Qmp.connect(socket)).rejects.toMatchObject({ code: 'environment' });
  });
});
