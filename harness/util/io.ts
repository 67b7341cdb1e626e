// SPDX-License-Identifier: MIT
import { mkdirSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';

/** Whether something is there that can be reached; links are followed. */
export const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

const ELSEWHERE = 'choose another folder (--out, --output, DMRACE_CACHE_DIR, TMPDIR)';

/** What can be done about an error of the system, by its code (errno(3)). */
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: `make it writable, or ${ELSEWHERE}`,
  EPERM: `make it writable, or ${ELSEWHERE}`,
  EROFS: `its file system is mounted read-only: ${ELSEWHERE}`,
  ENOTDIR: `a part of that path is a file: ${ELSEWHERE}`,
  EEXIST: `something else is there already: ${ELSEWHERE}`,
  EISDIR: 'that is a folder: name a file in it',
  ENOENT: `that cannot be there: ${ELSEWHERE}`,
  ENAMETOOLONG: `give a shorter name: a part of a path ends at 255 bytes, the whole at 4095`,
  ELOOP: 'a link in that path leads to itself: name the place it should lead to',
  EINVAL: `this file system does not do that: ${ELSEWHERE}`,
  ENOTSUP: `this file system does not do that: ${ELSEWHERE}`,
  EIO: 'the disk or the file behind it cannot be read; see the kernel’s log (dmesg)',
  EMFILE: 'raise the limit of open files: ulimit -n 1024',
  ENFILE: 'this machine has too many files open: end something else',
  EAGAIN: 'raise the limit of processes (ulimit -u), or end something else',
  ENOMEM: 'free some memory',
  EBUSY: 'something else uses it: wait, or end that',
};

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** Errors of the file system that a user can mend become DmraceErrors; others pass unchanged. */
export function explainIo(error: unknown, file: string): unknown {
  const code = codeOf(error);
  if (code === null || error instanceof DmraceError) return error;
  if (NO_SPACE.has(code)) {
    return new DmraceError('environment', {
      observed: `no space left while writing ${file}${code === 'ENOSPC' ? '' : ` (${code})`}`,
      artefact: file,
      action: 'free some space, or put the cache or --out on another disk (DMRACE_CACHE_DIR)',
    });
  }
  const action = REMEDIES[code];
  if (action === undefined) return error;
  return new DmraceError('environment', {
    observed: `cannot write ${file} (${code})`,
    artefact: file,
    action,
  });
}

/**
 * Any error of the system, wherever it came up: the environment's, with what was tried, instead of
 * a stack. What is no error of the system passes unchanged.
 */
export function explainSystem(error: unknown): unknown {
  const code = codeOf(error);
  if (code === null || error instanceof DmraceError || !(error instanceof Error)) return error;
  if (!('syscall' in error) || typeof error.syscall !== 'string') return error;
  const file = 'path' in error && typeof error.path === 'string' ? error.path : null;
  const [what = error.syscall] = error.syscall.split(' ');
  return new DmraceError('environment', {
    observed: `${what}${file === null ? '' : ` ${file}`}: ${code}`,
    ...(file === null ? {} : { artefact: file }),
    action: NO_SPACE.has(code)
      ? 'free some space'
      : (REMEDIES[code] ?? 'see errno(3) for what the system means by that'),
  });
}

/**
 * Makes a folder and those above it. mkdir({recursive}) of Node goes on for ever where a folder is
 * there and yet can hold none, as in /proc: ENOENT has it try the parent again (src/node_file.cc,
 * MKDirpAsync(), 20.20).
 * @throws DmraceError (environment), see {@link explainIo}
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  try {
    for (let at = path.resolve(folder); ; at = path.dirname(at)) {
      const found = statSync(at, { throwIfNoEntry: false });
      if (found?.isDirectory()) break;
      if (found) throw Object.assign(new Error(`${at} is no folder`), { code: 'ENOTDIR' });
      missing.unshift(at);
      if (at === path.dirname(at)) break;
    }
    for (const at of missing) {
      try {
        mkdirSync(at);
      } catch (error) {
        // Another process may have been first.
        if (codeOf(error) !== 'EEXIST' || !statSync(at).isDirectory()) throw error;
      }
    }
  } catch (error) {
    throw explainIo(error, folder);
  }
}
