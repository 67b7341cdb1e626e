// SPDX-License-Identifier: MIT
import { readFileSync, readlinkSync } from 'node:fs';

const textOf = (read: () => string): string => {
  try {
    return read();
  } catch {
    return ''; // no /proc, or no such process
  }
};

/**
 * When a process was started, in ticks since the boot: with its pid it is that process and no
 * other (proc(5), /proc/PID/stat, field 22; the name before may hold spaces and brackets).
 */
function startOf(pid: number | 'self'): string {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** Number of this process's pid namespace (pid_namespaces(7)): elsewhere its pid is another's. */
const namespace = (): string =>
  /\d+/.exec(textOf(() => readlinkSync('/proc/self/ns/pid')))?.[0] ?? '';

const short = (number: string): string => (number === '' ? '' : BigInt(number).toString(36));

/** `NAMESPACE-PID-START` of this process, in base 36, because it is part of a socket's path. */
export const ourWord = (): string =>
  [short(namespace()), process.pid.toString(36), short(startOf('self'))].join('-');

/**
 * Whether a process that left its word is known to have died. False for one of another pid
 * namespace, of which nothing can be known here.
 */
export function hasDied(word: string): boolean {
  const [, its, pid, start] = /^([0-9a-z]*)-([0-9a-z]+)-([0-9a-z]*)$/.exec(word.trim()) ?? [];
  if (pid === undefined || its !== short(namespace())) return false;
  const number = Number.parseInt(pid, 36);
  return start === '' ? !lives(number) : short(startOf(number)) !== start;
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
