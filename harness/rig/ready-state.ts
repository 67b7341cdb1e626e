// SPDX-License-Identifier: MIT
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { scanConsole } from '../console/index.js';
import { GuestSession } from '../guest/session.js';
import { watchStops } from '../guest/stopped.js';
import { DmraceError } from '../model/errors.js';
import { causeIn } from '../model/qemu-said.js';
import {
  type Machine,
  type MachineEnd,
  pausesItself,
  SAVED_DEVICES,
  SAVED_MEMORY,
} from '../ports.js';
import {
  READY_DEADLINE_MS,
  type TrialHost,
  type TrialRun,
  type WhenReady,
} from '../trial/trial.js';
import { unlessAborted, within } from '../util/deadline.js';
import { patient } from '../util/patience.js';

/**
 * QEMU ended while it loaded a saved guest, or the guest ended before it had said a word of its
 * trial: the state is none of this QEMU's or of this processor's, or is damaged.
 */
export class StateRefused extends DmraceError {
  constructor(
    readonly folder: string,
    why: string,
    /** What the trial left that began from it; absent when none did. */
    readonly run?: TrialRun,
  ) {
    super(
      'environment',
      {
        observed: run
          ? `the saved guest ended before it acknowledged its trial: ${why}`
          : `QEMU refuses the saved guest: ${why}`,
        artefact: folder,
        action: 'remove that folder: it is made again',
      },
      'state-refused',
    );
  }
}

/** What a trial left whose guest did not acknowledge it. @throws what is given, if it is no such. */
export function leftBehind(error: unknown): TrialRun {
  if (error instanceof StateRefused && error.run) return error.run;
  throw error;
}

/** A guest that was booted to `ready` once and saved; every trial starts from here. */
export interface ReadyState {
  /** The folder, for {@link MachineSpec.restoreFrom}. */
  readonly folder: string;
  /** What the guest had reported until then. */
  readonly readyRecords: string;
  /** What the console had said until then, where it tells of a crash; see {@link TrialFiles}. */
  readonly boot?: Uint8Array;
}

const Status = z.looseObject({ status: z.string() });
/** A save or a load takes 0.1 s; a loaded machine gets a lot more. */
const MOVE_DEADLINE_MS = 30_000;
const POLL_MS = 5;
/** A lost QMP connection comes before the end of its QEMU. */
const END_MS = 1_000;

const RECORDS = 'ready-records.jsonl';
/** What the console said while it booted, and the command line of that QEMU, pasteable. */
const CONSOLE = 'console.log';
export const BOOT_ARGV = 'qemu.argv';
const SUMS = 'sums.json';
/** Files whose content is checked before a saved guest is used, each with its CRC-32. */
const CHECKED = [SAVED_MEMORY, SAVED_DEVICES, RECORDS] as const;
/**
 * Memory that is mapped shared stays out of the stream: its file holds it already. Both sides have
 * to agree on it (QEMU 7.2, migration/ram.c, ramblock_is_ignored()).
 */
const IGNORE_SHARED = { capabilities: [{ capability: 'x-ignore-shared', state: true }] };
/** For the shell that QEMU hands `exec:` to. */
const quoted = (file: string): string => `'${file.replaceAll("'", "'\\''")}'`;

const Sums = z.record(
  z.enum(CHECKED),
  z.strictObject({ bytes: z.number(), mtimeMs: z.number(), crc32: z.number() }),
);
type Sums = z.infer<typeof Sums>;

/**
 * Boots a guest to `ready`, stops it and saves it into a folder. Returns that QEMU's command line.
 * @param readyMs how long its boot may take
 * @throws DmraceError (environment) when the guest does not get ready or QEMU cannot save it.
 */
export async function saveReadyState(
  { machines, spec, signal }: TrialHost,
  directory: string,
  whenReady: WhenReady,
  readyMs: number = READY_DEADLINE_MS,
): Promise<readonly string[]> {
  await using machine = await machines.start({ ...spec, memoryIn: directory }, signal);
  const session = new GuestSession(machine);
  const stop = pausesItself(spec) ? null : watchStops(machine, () => session.poke());
  const ready = (): boolean => session.has('ready') || (stop !== null && stop.status !== null);
  const failure = await session.until(ready, patient(readyMs), signal);
  signal.throwIfAborted();
  if (stop !== null && stop.status !== null) {
    await machine[Symbol.asyncDispose]();
    const said = causeIn((await machine.ended).stderr);
    throw new DmraceError('environment', {
      observed: `QEMU stopped the guest that was to be saved (${stop.status})${said && `: ${said}`}`,
      action: 'trials boot instead',
    });
  }
  if (failure) {
    throw new DmraceError('environment', {
      observed: `the guest did not get ready to be saved (${failure.failed})`,
      action: 'trials boot instead',
    });
  }
  if (pausesItself(spec)) await poll(machine, 'query-status', isPaused, signal);
  await whenReady(machine, session);
  // But for one that has stopped itself it is saved running, so that a restored one runs at once,
  // without being told to.
  await machine.qmp('migrate-set-capabilities', IGNORE_SHARED);
  const file = path.join(directory, SAVED_DEVICES);
  await machine.qmp('migrate', { uri: `exec:cat >${quoted(file)}` });
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
  await machine[Symbol.asyncDispose](); // the memory's file is whole once its owner is gone
  await writeFile(path.join(directory, RECORDS), session.recordsText);
  await writeFile(path.join(directory, CONSOLE), session.consoleBytes);
  await writeFile(path.join(directory, SUMS), JSON.stringify(await sumsOf(directory)));
  return machine.argv;
}

async function sumsOf(directory: string): Promise<Sums> {
  const sum = async (name: string) => {
    const file = path.join(directory, name);
    const { size, mtimeMs } = await stat(file);
    return { bytes: size, mtimeMs, crc32: crc32(await readFile(file)) };
  };
  const sums = await Promise.all(CHECKED.map(async (name) => [name, await sum(name)] as const));
  return Sums.parse(Object.fromEntries(sums));
}

/** A file that nobody wrote to since is what it was; another is read: it may be a mere copy. */
async function isAsSaved(file: string, saved: Sums[keyof Sums]): Promise<boolean> {
  const { size, mtimeMs } = await stat(file);
  if (size !== saved.bytes) return false;
  return mtimeMs === saved.mtimeMs || crc32(await readFile(file)) === saved.crc32;
}

/**
 * Reads what {@link saveReadyState} left in a folder. Null when it is not whole: a file is missing,
 * cut off, or has another content than it was saved with.
 */
export async function readyStateIn(directory: string): Promise<ReadyState | null> {
  try {
    const saved = Sums.parse(JSON.parse(await readFile(path.join(directory, SUMS), 'utf8')));
    for (const name of CHECKED) {
      if (!(await isAsSaved(path.join(directory, name), saved[name]))) return null;
    }
    const readyRecords = await readFile(path.join(directory, RECORDS), 'utf8');
    const boot = await readFile(path.join(directory, CONSOLE)).catch(() => Buffer.alloc(0));
    return {
      folder: directory,
      readyRecords,
      ...(scanConsole(boot).length > 0 ? { boot } : {}),
    };
  } catch {
    return null; // no such file, no JSON, no sums: damaged in one way or another
  }
}

/** What a saved guest's boot left besides, by the names of the files; some may be absent. */
export async function bootOf(state: ReadyState): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of [CONSOLE, BOOT_ARGV]) {
    const content = await readFile(path.join(state.folder, name)).catch(() => null);
    if (content) files.set(name, content);
  }
  return files;
}

/** What QEMU calls a guest that has stopped itself (vm/guest/core/pause.c). */
const isPaused = (status: string): boolean => status === 'guest-panicked';

/**
 * Loads a saved guest into a machine that was started for it and waits until it runs.
 * @param beforeRun called for a paused guest, before it executes another instruction
 * @throws DmraceError (environment) when QEMU refuses the state or does not get on with it.
 */
export async function resume(
  machine: Machine,
  folder: string,
  paused: boolean,
  signal: AbortSignal,
  beforeRun: () => Promise<void> = async () => undefined,
): Promise<void> {
  try {
    await load(machine, folder, paused, signal, beforeRun);
  } catch (error) {
    if (signal.aborted || error instanceof StateRefused) throw error;
    // A QEMU that aborts over a state answers no command any more.
    const end = await within(machine.ended, END_MS, null);
    throw end && isRefusal(end) ? new StateRefused(folder, wordsOf(end)) : error;
  }
}

/** One that was killed has refused nothing; assertions end in abort(). */
const isRefusal = (end: MachineEnd): boolean => end.exitCode !== null || end.signal === 'SIGABRT';

const wordsOf = (end: MachineEnd): string =>
  causeIn(end.stderr) || (end.signal === null ? 'no message' : `ended by ${end.signal}`);

async function load(
  machine: Machine,
  folder: string,
  paused: boolean,
  signal: AbortSignal,
  beforeRun: () => Promise<void>,
): Promise<void> {
  const runs = new Promise<'runs'>((resolve) => {
    machine.onEvent((event) => {
      if (event === 'RESUME') resolve('runs');
    });
  });
  const uri = `exec:cat ${quoted(path.join(folder, SAVED_DEVICES))}`;
  await Promise.all([
    machine.qmp('migrate-set-capabilities', IGNORE_SHARED),
    machine.qmp('migrate-incoming', { uri }),
  ]);
  if (paused) {
    await poll(machine, 'query-status', isPaused, signal);
    await beforeRun();
    await machine.qmp('cont');
    return;
  }
  const end = await within(
    unlessAborted(Promise.race([runs, machine.ended]), signal),
    patient(MOVE_DEADLINE_MS),
    'late' as const,
  );
  if (end === 'runs') return;
  if (end !== 'late' && isRefusal(end)) throw new StateRefused(folder, wordsOf(end));
  throw new DmraceError('environment', {
    observed: `QEMU did not take the saved guest (${end === 'late' ? 'it does not run' : `ended by ${end.signal}`})`,
    ...(end === 'late' ? { limit: `${patient(MOVE_DEADLINE_MS)} ms` } : {}),
    artefact: folder,
    action: 'check the load of this machine',
  });
}

async function poll(
  machine: Machine,
  command: string,
  done: (status: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const end = Date.now() + patient(MOVE_DEADLINE_MS);
  for (;;) {
    const { status } = Status.parse(await machine.qmp(command));
    if (done(status)) return;
    if (Date.now() > end) {
      throw new DmraceError('environment', {
        observed: `${command} still says ${status}`,
        limit: `${patient(MOVE_DEADLINE_MS)} ms`,
        action: 'check the load of this machine and the space in the cache',
      });
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
