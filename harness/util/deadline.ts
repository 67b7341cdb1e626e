// SPDX-License-Identifier: MIT
// The ways to wait for something that may not come. None leaves a timer or a listener behind, and
// none aborts anything, which would make an error with a stack each time only to be dropped.

/** Something that may end a wait: told how to, it says how to take it back. */
type Bound<E> = (end: (come: E) => void) => () => void;

const timer =
  <L>(ms: number, late: L): Bound<L> =>
  (end) => {
    const set = setTimeout(end, ms, late);
    return () => clearTimeout(set);
  };

const interrupt =
  <A>(signal: AbortSignal, aborted: A): Bound<A> =>
  (end) => {
    const abort = (): void => end(aborted);
    signal.addEventListener('abort', abort);
    return () => signal.removeEventListener('abort', abort);
  };

/** What a promise comes to, or what a bound ends the wait with before. */
async function bounded<T, E>(promise: Promise<T>, ...bounds: Bound<E>[]): Promise<T | E> {
  let back: (() => void)[] = [];
  const ended = new Promise<E>((resolve) => {
    back = bounds.map((bound) => bound(resolve));
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    for (const take of back) take();
  }
}

/** What a promise comes to, or `late` after so many milliseconds. */
export async function within<T, L>(promise: Promise<T>, ms: number, late: L): Promise<T | L> {
  return bounded(promise, timer(ms, late));
}

/**
 * What a promise comes to.
 * @throws DOMException (TimeoutError) when it comes to nothing in so many milliseconds.
 */
export async function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  const come = await within(boxed(promise), ms, null);
  if (come === null) throw new DOMException('no answer in time', 'TimeoutError');
  return come.value;
}

/** What a promise comes to; rejects with the signal's reason when it is aborted before. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) leave(promise);
  signal.throwIfAborted();
  const come = await bounded(boxed(promise), interrupt(signal, null));
  if (come === null) throw signal.reason;
  return come.value;
}

/**
 * What a promise comes to, `late` after so many milliseconds, or `aborted` when the signal is
 * aborted, before that or before the wait.
 */
export async function withinOrAborted<T, L, A>(
  promise: Promise<T>,
  ms: number,
  signal: AbortSignal,
  instead: { readonly late: L; readonly aborted: A },
): Promise<T | L | A> {
  if (signal.aborted) {
    leave(promise);
    return instead.aborted;
  }
  return bounded<T, L | A>(promise, timer(ms, instead.late), interrupt(signal, instead.aborted));
}

/** Waits so many milliseconds; an interrupt ends that early, and is no error. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const never = new Promise<never>(() => undefined);
  await withinOrAborted(never, ms, signal, { late: undefined, aborted: undefined });
}

/**
 * Nobody waits for it any more. What it rejects with later (QEMU is ended by the same interrupt) is
 * nobody's, and would end the program as a mistake of its own.
 */
const leave = (promise: Promise<unknown>): void => void promise.catch(() => undefined);

/** Tells what a promise comes to, which may be null, from null. */
const boxed = <T>(promise: Promise<T>): Promise<{ readonly value: T }> =>
  promise.then((value) => ({ value }));
