// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { readlink, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { readJson } from './json.js';

/** Who holds a lock of the cache; lies beside it, only for people who wait. */
const Owner = z.object({
  /** Of the process, because a pid is another process's in another container. */
  id: z.string(),
  pid: z.number(),
  host: z.string(),
  /** /proc/PID/ns/pid (pid_namespaces(7)); empty where there is none. */
  namespace: z.string(),
  command: z.string(),
  sinceMs: z.number(),
});
export type LockOwner = z.infer<typeof Owner>;

const ID = randomUUID();
/** As much of a command line as fits a line of a terminal with the rest. */
const COMMAND = 60;

const namespace = (): Promise<string> => readlink('/proc/self/ns/pid').catch(() => '');
const fileOf = (lock: string): string => `${lock}.owner`;

/** Leaves word of this process beside a lock that it has got. Never fails: it is only told. */
export async function leaveWord(lock: string): Promise<void> {
  const owner: LockOwner = {
    id: ID,
    pid: process.pid,
    host: hostname(),
    namespace: await namespace(),
    command: ['dmrace', ...process.argv.slice(2)].join(' '),
    sinceMs: Date.now(),
  };
  await writeFile(fileOf(lock), JSON.stringify(owner)).catch(() => undefined);
}

/** To be called while the lock is still held. */
export const takeWordAway = (lock: string): Promise<void> =>
  rm(fileOf(lock), { force: true }).catch(() => undefined);

/** @returns null when the lock is this process's own, for another of its jobs: nothing to tell. */
export async function whoHolds(lock: string, staleMs: number): Promise<string | null> {
  const owner = await readJson(fileOf(lock), Owner);
  if (owner === null) return 'another process'; // its word is being written
  if (owner.id === ID) return null;
  const here = owner.host === hostname() && owner.namespace === (await namespace());
  return describeOwner(owner, here ? runs(owner.pid) : null, Date.now(), staleMs);
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * An owner in words. Exported for its test.
 * @param running null when its pid means nothing here: another container or machine
 */
export function describeOwner(
  owner: LockOwner,
  running: boolean | null,
  nowMs: number,
  staleMs: number,
): string {
  const command =
    owner.command.length > COMMAND ? `${owner.command.slice(0, COMMAND - 1)}…` : owner.command;
  const since = new Date(owner.sinceMs).toTimeString().slice(0, 8);
  const seconds = Math.max(0, Math.round((nowMs - owner.sinceMs) / 1000));
  const where = running === null ? ` in a container or on ${owner.host}` : '';
  const gone =
    running === false ? `; it has died, and its lock ends ${staleMs / 1000} s after that` : '';
  return `pid ${owner.pid}${where} (${command}), since ${since} (${seconds} s)${gone}`;
}
