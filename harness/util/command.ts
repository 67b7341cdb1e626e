// SPDX-License-Identifier: MIT
import { execa } from 'execa';
import { DmraceError } from '../model/errors.js';
import { tieGroup } from './process-group.js';

/** How a tool is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Return what it says on stderr too, in the order in which it comes. */
  readonly withStderr?: boolean;
  /** Ends the tool and all that it started. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a tool to its end and returns its standard output.
 * @throws DmraceError (environment) with the last 20 lines of what it said; AbortError after an
 *   interrupt, when the tool and all that it started have ended.
 */
export async function runTool(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  options.signal?.throwIfAborted();
  const tool = execa(file, [...args], {
    reject: false,
    detached: true,
    env: { LC_ALL: 'C', ...options.env },
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? {} : { input: options.input }),
    maxBuffer: 256 << 20,
    all: options.withStderr === true,
  });
  const result = await (async () => {
    await using _tied = tieGroup(tool.pid, options.signal);
    return await tool;
  })();
  if (!result.failed) return options.withStderr === true ? (result.all ?? '') : result.stdout;
  options.signal?.throwIfAborted();
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new DmraceError(
      'environment',
      {
        observed: `${file} cannot be run: ${result.originalMessage ?? result.shortMessage}`,
        action: 'run dmrace doctor --fix',
      },
      'tool-failed',
    );
  }
  const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-20).join('\n    ');
  throw new DmraceError(
    'environment',
    {
      observed: `${file} ${args.slice(0, 3).join(' ')} failed (${result.signal ?? `exit code ${result.exitCode}`}):\n    ${said}`,
      action: /No space left/.test(said) ? 'free some disk space' : 'see the lines above',
    },
    'tool-failed',
  );
}
