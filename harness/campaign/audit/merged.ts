// SPDX-License-Identifier: MIT

/**
 * What several workers yield, as it comes; each goes on while what it yielded is looked at.
 * @param stop called first when it ends, however it does: nothing new is to be begun
 * @throws what a worker throws. When it has ended no worker runs any more: one that was in the middle
 *   of something came to its next word first.
 */
export async function* merged<T>(
  workers: readonly AsyncGenerator<T, void, undefined>[],
  stop: () => void,
): AsyncGenerator<T, void, undefined> {
  const next = (worker: (typeof workers)[number]) =>
    worker.next().then((result) => ({ worker, result }));
  const running = new Map(workers.map((worker) => [worker, next(worker)]));
  try {
    while (running.size > 0) {
      const { worker, result } = await Promise.race(running.values());
      if (result.done) {
        running.delete(worker);
        continue;
      }
      running.set(worker, next(worker));
      yield result.value;
    }
  } finally {
    stop();
    await Promise.allSettled(running.values());
    await Promise.allSettled(workers.map((worker) => worker.return()));
  }
}
