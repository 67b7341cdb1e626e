// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';

/** What has not ended so long after SIGTERM gets SIGKILL. */
const GRACE_MS = 1_000;
const POLL_MS = 20;

/** Groups that are at work: none of them may outlive this process. */
const working = new Set<number>();
// Before anything that they may write to is removed (at-exit.ts).
const endAll = (): void => {
  for (const leader of working) send(leader, 'SIGKILL');
};
process.prependListener('exit', endAll);

/** Has a process group killed at the end of this process. To be disposed when it has ended. */
export function endWithUs(leader: number): Disposable {
  working.add(leader);
  return {
    [Symbol.dispose]: () => {
      working.delete(leader);
    },
  };
}

/** @returns whether the group still has a member. */
function send(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false; // ESRCH: all have ended
  }
}

/**
 * Ties a process group to an interrupt, and to the end of this process. The whole group, because
 * tools start others: make hands SIGTERM on to its shells and the makes below them stay, apt-get
 * has a process for each way to fetch, a shell its pipeline.
 * @param leader pid of a process that was started with `detached: true`, so that it leads a group
 *   of its own; undefined when it could not be started.
 * @returns to be disposed when the leader has ended. After an interrupt that waits until the group
 *   is gone: makes remove their half-written targets, which a SIGKILL at once would leave.
 */
export function tieGroup(leader: number | undefined, signal?: AbortSignal): AsyncDisposable {
  if (leader === undefined) return { [Symbol.asyncDispose]: async () => undefined };
  working.add(leader);
  let ladder: NodeJS.Timeout | null = null;
  const interrupt = (): void => {
    send(leader, 'SIGTERM');
    ladder = setTimeout(() => send(leader, 'SIGKILL'), GRACE_MS);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  if (signal?.aborted) interrupt();
  return {
    [Symbol.asyncDispose]: async () => {
      signal?.removeEventListener('abort', interrupt);
      // There is no event for the end of a group. Zombies that nobody reaps count as members.
      const end = Date.now() + GRACE_MS;
      while (signal?.aborted && send(leader, 0) && Date.now() < end) await sleep(POLL_MS);
      if (signal?.aborted) send(leader, 'SIGKILL');
      if (ladder) clearTimeout(ladder);
      working.delete(leader);
    },
  };
}
