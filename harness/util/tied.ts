// SPDX-License-Identifier: MIT

/** What is still at work so long after the tie was cut is left to die with the process. */
const LAST_MS = 10_000;

/**
 * Ties this process to one that holds the other end of its standard input: `dmrace --docker` does,
 * and the engine closes it when that process is gone, also after `kill -9`.
 * @param end asks the work to stop.
 */
export function tieToStdin(end: () => void): void {
  const cut = (): void => {
    end();
    setTimeout(() => process.exit(130), LAST_MS).unref();
  };
  process.stdin.on('end', cut).on('error', cut).resume();
  // Waiting for the end is no reason to live on. A pipe has unref(), a file has not.
  process.stdin.unref?.();
}
