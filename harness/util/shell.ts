// SPDX-License-Identifier: MIT
import { DmraceError } from '../model/errors.js';
import { tieGroup } from './process-group.js';

/**
 * Runs straight-line shell text in a folder: bash with errexit and pipefail, values quoted by zx.
 * Long-lived processes belong to execa, never here.
 * @param signal ends the shell and its whole pipeline
 * @throws DmraceError (environment) with the last 20 lines of what it said; AbortError after an
 *   interrupt.
 */
export function shell(
  directory: string,
  signal?: AbortSignal,
): (pieces: TemplateStringsArray, ...values: string[]) => Promise<void> {
  return async (pieces, ...values) => {
    signal?.throwIfAborted();
    // Loading it takes a tenth of a second, which a run that finds all in the cache need not spend.
    const { $, ProcessOutput } = await import('zx');
    const bash = $({
      cwd: directory,
      quiet: true,
      prefix: 'set -eo pipefail;',
      shell: 'bash',
      detached: true,
    });
    try {
      const running = bash(pieces, ...values);
      await using _tied = tieGroup(running.pid, signal);
      await running;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ProcessOutput)) throw error;
      const said = error.stderr.trim().split('\n').slice(-20).join('\n    ');
      const step = pieces.join('…').trim().split('\n')[0] ?? '';
      throw new DmraceError('environment', {
        observed: `"${step}" failed (${error.signal ?? `exit code ${error.exitCode}`}):\n    ${said}`,
        artefact: directory,
        action: /No space left/.test(said) ? 'free some disk space' : 'see the lines above',
      });
    }
  };
}
