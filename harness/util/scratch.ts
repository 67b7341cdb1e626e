// SPDX-License-Identifier: MIT
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { atExit } from './at-exit.js';
import { hasDied, ourWord } from './whose.js';

/** sun_path holds 108 bytes with the zero at its end (unix(7)). */
const SOCKET_BYTES = 107;
/** The longest name of a socket in such a folder, with its slash. */
const NAME_BYTES = '/commands'.length;
/** What a folder must be able to hold, else it is on a full disk. */
const PROBE_BYTES = 8192;

/** A folder for sockets and small files, until it is disposed or this process ends. */
export interface Scratch extends Disposable {
  readonly folder: string;
}

/** Where such folders may lie, the best first: where the user says, then where paths are short. */
function places(): string[] {
  const given = [tmpdir(), process.env.XDG_RUNTIME_DIR ?? '', '/tmp', '/dev/shm', '/var/tmp'];
  return [...new Set(given.filter((place) => path.isAbsolute(place)))];
}

/** `dmrace-NAMESPACE-PID-START-RANDOM`: who made the folder, in base 36, because paths are short. */
const FOLDER = /^dmrace-([0-9a-z]*-[0-9a-z]+-[0-9a-z]*)-\w{6}$/;

/**
 * Removes folders of processes of ours that have died without a chance to (SIGKILL). A folder of
 * another user, another pid namespace or a process that lives stays.
 */
export function sweepScratch(place: string): void {
  for (const name of namesIn(place)) {
    const word = FOLDER.exec(name)?.[1];
    if (word === undefined || !hasDied(word)) continue;
    const file = path.join(place, name);
    try {
      if (lstatSync(file).uid !== process.getuid?.()) continue;
      rmSync(file, { recursive: true, force: true });
    } catch {
      // another process sweeps too
    }
  }
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place);
  } catch {
    return [];
  }
}

/** Places that were swept, once for each process. */
const swept = new Set<string>();

/**
 * A new folder where the path of a Unix socket fits and a small file can be written: TMPDIR, else
 * wherever that is so.
 * @throws DmraceError (environment) with what is wrong with each place
 */
export function scratch(): Scratch {
  const problems: string[] = [];
  for (const place of places()) {
    const prefix = path.join(place, `dmrace-${ourWord()}-`);
    const bytes = Buffer.byteLength(prefix) + 6 + NAME_BYTES;
    if (bytes > SOCKET_BYTES) {
      problems.push(`${place}: a socket’s path would have ${bytes} bytes (limit: ${SOCKET_BYTES})`);
      continue;
    }
    if (!swept.has(place)) {
      swept.add(place);
      sweepScratch(place);
    }
    let folder: string | null = null;
    try {
      folder = mkdtempSync(prefix);
      const probe = path.join(folder, 'probe');
      writeFileSync(probe, Buffer.alloc(PROBE_BYTES));
      rmSync(probe);
      return owned(folder);
    } catch (error) {
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      problems.push(`${place}: ${code === 'ENOSPC' ? 'no space left' : code}`);
    }
  }
  throw new DmraceError('environment', {
    observed: `there is no place for sockets and small files: ${problems.join('; ')}`,
    action: 'set TMPDIR to a folder with a short path that can be written and has some space',
  });
}

function owned(folder: string): Scratch {
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const left = atExit(remove);
  return {
    folder,
    [Symbol.dispose]: () => {
      left[Symbol.dispose]();
      remove();
    },
  };
}
