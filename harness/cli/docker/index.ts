// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { say } from '../streams.js';
import { dockerWish } from './wish.js';

/** An engine that is only tried has this long to answer. */
const TRY_MS = 2_000;

/**
 * Runs a command in a container where that is asked for, or where this machine cannot serve and a
 * Docker engine answers, which one line says.
 * @returns the exit code, or null when the command is to run here.
 * @throws DmraceError (usage, environment).
 */
export async function inDocker(
  argv: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly code: number } | { readonly argv: readonly string[] }> {
  const wish = dockerWish(argv, process.env.DMRACE_DOCKER);
  const here = { argv: wish.argv };
  if (wish.docker === 'never') return here;
  const why = wish.docker === 'may' ? await (await import('./unfit.js')).unfit(wish) : null;
  if (wish.docker === 'may' && why === null) return here;
  // Docker's client is loaded only where it is used: it is an optional dependency.
  const { findEngine, runInDocker } = await import('./run.js');
  if (why === null) return { code: await runInDocker(wish, await findEngine(), signal) };
  const engine = await findEngine(TRY_MS).catch(() => null);
  if (engine === null) return here;
  say(
    `dmrace: ${why}, so this runs in a container of Docker ${engine.version} (--no-docker: here)\n`,
  );
  return { code: await runInDocker(wish, engine, signal) };
}

/** Whether {@link inDocker} would take a command away from this machine. */
export async function servedByDocker(argv: readonly string[]): Promise<boolean> {
  const wish = dockerWish(argv, process.env.DMRACE_DOCKER);
  if (wish.docker !== 'may') return wish.docker === 'must';
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (/^ID=debian$/m.test(release)) return false; // doctor --fix can mend a Debian
  const { findEngine } = await import('./run.js');
  return findEngine(TRY_MS).then(
    () => true,
    () => false,
  );
}
