// SPDX-License-Identifier: GPL-2.0-only
import { $, ProcessOutput } from 'zx';
import { DmraceError } from '../model/errors.js';

/**
 * A straight-line shell recipe in a folder: bash with errexit and pipefail, values quoted by zx.
 * Long-lived processes belong to execa, never here.
 * @throws DmraceError (environment) with the last 20 lines of what it said.
 */
export function recipe(
  directory: string,
): (pieces: TemplateStringsArray, ...values: string[]) => Promise<void> {
  const shell = $({ cwd: directory, quiet: true, prefix: 'set -eo pipefail;', shell: 'bash' });
  return async (pieces, ...values) => {
    try {
      await shell(pieces, ...values);
    } catch (error) {
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
