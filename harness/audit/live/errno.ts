// SPDX-License-Identifier: MIT

/** Errors of delete_module(2), and those of vm/guest/audit/unload.c, in words. */
const WORDS: Readonly<Record<number, string>> = {
  1: 'not permitted',
  2: 'it is not loaded',
  5: 'the process that unloaded it was killed',
  11: 'it is in use',
  16: 'it is busy, or has no exit function',
  110: 'it did not end',
};

/** An error number of Linux in words. */
export const strerror = (error: number): string => WORDS[error] ?? `error ${error}`;
