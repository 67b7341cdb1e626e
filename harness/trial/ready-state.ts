// SPDX-License-Identifier: GPL-2.0-only
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { GuestSession } from '../guest/session.js';
import { DmraceError } from '../model/errors.js';
import type { Machine, MachineSpec, Machines } from '../ports.js';
import { READY_DEADLINE_MS, type WhenReady } from './trial.js';

/** A guest that was booted to `ready` once, stopped and saved; every trial starts from here. */
export interface ReadyState {
  /** QEMU's migration stream, for `-incoming`. */
  readonly file: string;
  /** What the guest had reported until then. */
  readonly readyRecords: string;
}

const Status = z.looseObject({ status: z.string() });
/** A save or a load takes 0.2 s; a loaded machine gets a lot more. */
const MOVE_DEADLINE_MS = 30_000;

const STATE = 'state';
const RECORDS = 'ready-records.jsonl';
const SIZE = 'state.bytes';

/**
 * Boots a guest to `ready`, stops it and saves it into a folder.
 * @throws DmraceError (environment) when the guest does not get ready or QEMU cannot save it.
 */
export async function saveReadyState(
  machines: Machines,
  spec: MachineSpec,
  directory: string,
  whenReady: WhenReady,
  signal: AbortSignal,
): Promise<void> {
  await using machine = await machines.start(spec, signal);
  const session = new GuestSession(machine);
  const failure = await session.until(() => session.has('ready'), READY_DEADLINE_MS, signal);
  signal.throwIfAborted();
  if (failure) {
    throw new DmraceError('environment', {
      observed: `the guest did not get ready to be saved (${failure.failed})`,
      action: 'trials boot instead',
    });
  }
  await whenReady(machine, session);
  await machine.qmp('stop');
  await machine.qmp('migrate', { uri: `exec:cat >'${path.join(directory, STATE)}'` });
  await poll(
    machine,
    'query-migrate',
    (status) => {
      if (status !== 'failed') return status === 'completed';
      throw new DmraceError('environment', {
        observed: 'QEMU could not save the guest',
        action: 'trials boot instead',
      });
    },
    signal,
  );
  await writeFile(path.join(directory, RECORDS), session.recordsText);
  const { size } = await stat(path.join(directory, STATE));
  await writeFile(path.join(directory, SIZE), `${size}\n`);
}

/** Reads what {@link saveReadyState} left in a folder; null when it is not whole. */
export async function readyStateIn(directory: string): Promise<ReadyState | null> {
  const bytes = await readFile(path.join(directory, SIZE), 'utf8').catch(() => '');
  const { size } = await stat(path.join(directory, STATE)).catch(() => ({ size: -1 }));
  if (Number(bytes) !== size || bytes === '') return null;
  return {
    file: path.join(directory, STATE),
    readyRecords: await readFile(path.join(directory, RECORDS), 'utf8'),
  };
}

/** Has a machine that was started from a saved state go on from there. */
export async function resume(machine: Machine, signal: AbortSignal): Promise<void> {
  await poll(machine, 'query-status', (status) => status !== 'inmigrate', signal);
  await machine.qmp('cont');
}

async function poll(
  machine: Machine,
  command: string,
  done: (status: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const end = Date.now() + MOVE_DEADLINE_MS;
  for (;;) {
    const { status } = Status.parse(await machine.qmp(command));
    if (done(status)) return;
    if (Date.now() > end) {
      throw new DmraceError('environment', {
        observed: `${command} still says ${status}`,
        limit: `${MOVE_DEADLINE_MS} ms`,
        action: 'check the load of this machine and the space in the cache',
      });
    }
    await sleep(10, undefined, { signal });
  }
}
