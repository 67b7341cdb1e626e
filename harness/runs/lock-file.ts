// SPDX-License-Identifier: MIT

/** Lies in the folder while somebody writes there; it is no file of the run. */
export const LOCK_FILE = 'run.lock';
