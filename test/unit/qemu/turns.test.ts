// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IN_TURNS, readInTurns } from '../../../harness/qemu/turns.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'dmrace-turns-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** A sender, and what a socket that is read in turns had of it when it was closed. */
async function pair(): Promise<{ sender: Socket; pieces: Promise<string[]> }> {
  const file = path.join(directory, 'socket');
  const server = createServer(IN_TURNS);
  const pieces = new Promise<string[]>((resolve) => {
    server.once('connection', (socket) => {
      server.close();
      const read: string[] = [];
      readInTurns(socket, 20, (chunk) => read.push(chunk.toString('latin1')));
      socket.once('close', () => resolve(read));
    });
  });
  await new Promise<void>((resolve) => server.listen(file, resolve));
  const sender = connect(file);
  sender.setNoDelay();
  return { sender, pieces };
}

/** The sender's next byte goes when this one is gone: each is a write of its own. */
const write = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve) => socket.write(text, () => resolve()));

describe('readInTurns', () => {
  it('gives all that was sent, byte by byte, in few pieces', async () => {
    const { sender, pieces } = await pair();
    const text =
      '[    1.000000] BUG: unable to handle page fault for address: ffffffffc0000000\r\n';
    for (const byte of text.repeat(5)) await write(sender, byte);
    sender.end();
    const read = await pieces;
    expect(read.join('')).toBe(text.repeat(5));
    expect(read.length).toBeLessThan(text.length);
  });

  it('gives more than a socket holds', async () => {
    const { sender, pieces } = await pair();
    const text = 'x'.repeat(3_000_000);
    sender.end(text);
    expect((await pieces).join('')).toBe(text);
  });

  it('gives what was sent last before the end', async () => {
    const { sender, pieces } = await pair();
    await write(sender, 'one');
    sender.end('two');
    expect((await pieces).join('')).toBe('onetwo');
  });
});
