// SPDX-License-Identifier: MIT
import type { Work } from './work.js';

/** What is done of a piece of work beside others; a value for each. */
type Parts<T extends readonly unknown[]> = {
  readonly [K in keyof T]: (work: Work) => Promise<T[K]>;
};

/**
 * Does what does not depend on each other side by side. When one fails the others are stopped and
 * waited for, so that nothing goes on behind an error.
 * @returns what each gave, in their order
 * @throws what failed first
 */
export async function together<const T extends readonly unknown[]>(
  work: Work,
  parts: Parts<T>,
): Promise<T> {
  const stop = new AbortController();
  const own: Work = { ...work, signal: AbortSignal.any([work.signal, stop.signal]) };
  let first: { readonly error: unknown } | null = null;
  const results = await Promise.all(
    parts.map(async (part) => {
      try {
        return await part({ ...own, cache: own.cache.until(own.signal) });
      } catch (error) {
        first ??= { error };
        stop.abort();
        return undefined;
      }
    }),
  );
  const failed = first as { readonly error: unknown } | null;
  if (failed) throw failed.error;
  // Each of them gave what its part of T says.
  return results as unknown as T;
}
