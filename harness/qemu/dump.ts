// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import type { Machine } from '../ports.js';
import { patient } from '../util/patience.js';

/** 192 MiB took 1.1 s on the machine that this was written on; a slow disk gets a lot more. */
const DUMP_MS = 60_000;
const POLL_MS = 20;

const Query = z.looseObject({
  status: z.enum(['none', 'active', 'completed', 'failed']),
});

/**
 * Has QEMU write a guest's memory and the state of its processors into a file, as ELF: the one form
 * that gdb, crash and drgn all read. The guest stands meanwhile and goes on as before. QEMU's
 * compressed form takes seven times as long (8.3 s against 1.1 s for 192 MiB, zlib, QEMU 7.2), and
 * there its notes cannot be added to.
 * @throws DmraceError (environment) when QEMU refuses, cannot write it, is gone or is not done in time
 */
export async function dumpMemory(
  machine: Machine,
  file: string,
  signal: AbortSignal,
  deadlineMs: number = patient(DUMP_MS),
): Promise<void> {
  // Detached (QEMU 7.2, qapi/dump.json): QMP answers meanwhile.
  const args = { paging: false, protocol: `file:${file}`, detach: true };
  await machine.qmp('dump-guest-memory', args);
  const end = Date.now() + deadlineMs;
  for (;;) {
    const { status } = Query.parse(await machine.qmp('query-dump'));
    if (status === 'completed') return;
    if (status !== 'active') {
      throw new DmraceError('environment', {
        observed: `QEMU could not write the dump (${status})`,
        artefact: file,
        action: 'check the space on that disk, or give --out another one',
      });
    }
    if (Date.now() > end) {
      throw new DmraceError('environment', {
        observed: 'QEMU is not done with the dump',
        limit: `${deadlineMs} ms`,
        artefact: file,
        action: 'check the load of that disk, or give --patience',
      });
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
