// SPDX-License-Identifier: MIT
import path from 'node:path';
import { execa } from 'execa';
import { DmraceError } from '../model/errors.js';
import { LOCK_FILE } from './lock-file.js';

/** What flock(1) is to end with when the lock is somebody else's; none of its own codes. */
const TAKEN = 75;

/**
 * Makes this process the one owner of a run's folder, until it is disposed or dies: flock(2), held by
 * a small process that ends with this one's end of its pipe. It holds in containers that share the
 * folder, and a kill leaves nothing that would have to be cleared away.
 * @throws DmraceError (usage) when another process writes there; (environment) when it cannot be had
 */
export async function lockRun(root: string): Promise<AsyncDisposable> {
  const file = path.join(root, LOCK_FILE);
  const holder = execa(
    'flock',
    [
      ...['--nonblock', '--conflict-exit-code', String(TAKEN), file],
      ...['sh', '-c', 'echo held; exec cat >/dev/null'],
    ],
    // A Ctrl-C of the terminal is this process's to act on.
    { reject: false, stdin: 'pipe', stdout: 'pipe', buffer: { stdout: false }, detached: true },
  );
  const held = new Promise<true>((resolve) => holder.stdout.once('data', () => resolve(true)));
  const first = await Promise.race([held, holder]);
  const handles = [holder, holder.stdin, holder.stdout] as const;
  if (first !== true) {
    if (first.exitCode === TAKEN) {
      throw new DmraceError('usage', {
        observed: `another dmrace writes into ${root}`,
        artefact: file,
        action: 'wait until it has ended, or give --out another folder',
      });
    }
    const why = first.stderr || first.shortMessage || 'flock failed';
    throw new DmraceError('environment', {
      observed: `${root} cannot be locked: ${why}`,
      artefact: file,
      action: 'choose a folder that can be written, on a file system that knows flock(2)',
    });
  }
  // Whoever forgets it does not keep the process from ending, which gives the lock up.
  for (const handle of handles) if ('unref' in handle) handle.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      for (const handle of handles) if ('ref' in handle) handle.ref();
      holder.stdin.end();
      await holder;
    },
  };
}
