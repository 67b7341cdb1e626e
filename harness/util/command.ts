// SPDX-License-Identifier: GPL-2.0-only
import { execa } from 'execa';
import { DmraceError } from '../model/errors.js';

/** How a tool is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs a tool to its end and returns its standard output.
 * @throws DmraceError (environment) with the last 20 lines of what it said.
 */
export async function runTool(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await execa(file, [...args], {
    reject: false,
    env: { LC_ALL: 'C', ...options.env },
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    maxBuffer: 256 << 20,
  });
  if (!result.failed) return result.stdout;
  if (result.isCanceled) throw new DOMException('interrupted', 'AbortError');
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new DmraceError('environment', {
      observed: `${file} cannot be run: ${result.originalMessage ?? result.shortMessage}`,
      action: 'run dmrace doctor --fix',
    });
  }
  const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-20).join('\n    ');
  throw new DmraceError('environment', {
    observed: `${file} ${args.slice(0, 3).join(' ')} failed (${result.signal ?? `exit code ${result.exitCode}`}):\n    ${said}`,
    action: /No space left/.test(said) ? 'free some disk space' : 'see the lines above',
  });
}
