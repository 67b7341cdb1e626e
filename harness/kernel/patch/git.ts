// SPDX-License-Identifier: MIT
import path from 'node:path';
import { execa } from 'execa';
import { DmraceError } from '../../model/errors.js';
import { missingPatchTools, remedy, remedyLine } from '../../util/host-tools.js';
import { tieGroup } from '../../util/process-group.js';

/** What git said, and whether it had no complaint. */
export interface GitAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of a repository around us (hooks have them), which nothing here is about: see git(1). */
const OF_A_REPOSITORY = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX'];

/**
 * Runs git on files in a folder that belongs to no repository, without anybody's configuration:
 * apply.whitespace or mailinfo.scissors would have the same patch come out otherwise elsewhere.
 * @throws DmraceError (environment) when there is no git; AbortError after an interrupt.
 */
export async function git(
  folder: string,
  args: readonly string[],
  input: string | Uint8Array,
  signal: AbortSignal,
): Promise<GitAnswer> {
  signal.throwIfAborted();
  const unset = OF_A_REPOSITORY.flatMap((name) => ['-u', name]);
  const tool = execa('env', [...unset, 'git', ...args], {
    cwd: folder,
    reject: false,
    input,
    detached: true,
    stripFinalNewline: false,
    maxBuffer: 256 << 20,
    env: {
      LC_ALL: 'C',
      GIT_CEILING_DIRECTORIES: path.dirname(folder),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    },
  });
  const result = await (async () => {
    await using _tied = tieGroup(tool.pid, signal);
    return await tool;
  })();
  signal.throwIfAborted();
  // env(1): 127 for a command that is not found.
  if (result.exitCode === 127 || result.exitCode === undefined) {
    const absent = await missingPatchTools();
    throw new DmraceError('environment', {
      observed: `git, which reads and applies patches, cannot be run: ${`${result.stderr}`.trim() || result.originalMessage}`,
      action: absent.length > 0 ? remedyLine(await remedy(absent)) : 'see whether git runs',
    });
  }
  return { ok: !result.failed, stdout: result.stdout, stderr: result.stderr };
}
