// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';

/** What a server whose sockets are read by {@link readInTurns} is made with. */
export const IN_TURNS = {
  /** With anything read and not yet taken, the socket is left alone (lib/net.js, Node 20). */
  highWaterMark: 1,
} as const;

/**
 * Takes what has come from a socket every so many milliseconds, in one piece; what comes meanwhile
 * waits in the kernel, so a byte is late by two turns at most. QEMU's serial port sends nearly
 * every character by itself, and waking the event loop for each costs more than all that is done
 * with it.
 * @param socket of a server made with {@link IN_TURNS}; its owner closes it
 */
export function readInTurns(
  socket: Socket,
  turnMs: number,
  deliver: (chunk: Buffer) => void,
): void {
  let waits = false;
  socket.on('readable', () => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      const chunk: Buffer | null = socket.read();
      if (chunk) deliver(chunk);
    }, turnMs);
  });
}
