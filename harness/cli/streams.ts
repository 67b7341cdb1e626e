// SPDX-License-Identifier: MIT
import { shown, shownColoured } from '../model/shown.js';
import { within, withinOrAborted } from '../util/deadline.js';

/** How long what was printed is waited for after an interrupt: its reader may have stopped. */
const LAST_MS = 1_000;

/**
 * What became of stdout. A reader that has gone (EPIPE) wants no more, which is no failure of the
 * work; a disk that is full has lost the result.
 */
let lost: string | null = null;
let guarded = false;

/**
 * Has errors of stdout and stderr handled here: Node would end the process with exit code 1 and a
 * trace, and 1 says `open`. To be called before anything is printed.
 */
export function guardStreams(): void {
  if (guarded) return;
  guarded = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // What follows the first error fails because of it (ERR_STREAM_DESTROYED).
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') lost ??= error.message;
  });
  // Where nobody can be told, nothing is left to do; the result is on stdout.
  process.stderr.on('error', () => undefined);
}

/** Prints a result. Control characters are shown, but for colours of a terminal. */
export function out(text: string): void {
  guardStreams();
  process.stdout.write(process.stdout.isTTY === true ? shownColoured(text) : shown(text));
}

/** Says something to people. Control characters are shown. */
export function say(text: string): void {
  guardStreams();
  process.stderr.write(shown(text));
}

/** What became of what was printed: all has left, or why not. */
export type Settled = 'told' | 'interrupted' | { readonly lost: string };

/** Waits until what was printed has left this process, or its reader has gone. */
export async function settled(signal: AbortSignal): Promise<Settled> {
  guardStreams();
  const left = Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
    ),
  ).then(() => 'told' as const);
  const instead = { late: 'interrupted', aborted: 'interrupted' } as const;
  // A reader may take hours; only an interrupt ends that.
  let came: Settled = await withinOrAborted(left, 0x7fff_ffff, signal, instead);
  if (came !== 'told') came = await within(left, LAST_MS, came);
  // An error of the last write is told to its callback before it is told as an event.
  await new Promise<void>((resolve) => setImmediate(resolve));
  return lost === null ? came : { lost };
}
