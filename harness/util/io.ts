// SPDX-License-Identifier: GPL-2.0-only
import { DmraceError } from '../model/errors.js';

/** Errors of the file system that a user can mend become DmraceErrors; others pass unchanged. */
export function explainIo(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof DmraceError || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new DmraceError('environment', {
        observed: `no space left while writing ${file}`,
        artefact: file,
        action: 'free some space, or put the cache or --out on another disk (DMRACE_CACHE_DIR)',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
      return new DmraceError('environment', {
        observed: `cannot write ${file} (${error.code})`,
        artefact: file,
        action: 'make it writable, or choose another folder (--out, DMRACE_CACHE_DIR)',
      });
    default:
      return error;
  }
}
