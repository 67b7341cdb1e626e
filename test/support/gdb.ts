// SPDX-License-Identifier: MIT
import { execa } from 'execa';
import { expect } from 'vitest';
import { dmrace, eventually } from './command.js';

/** Why a debugger cannot be run here; empty when it can. */
export const without = (gdb: string): Promise<string> =>
  execa(gdb, ['--version']).then(
    () => '',
    () => `no ${gdb}: apt-get install ${gdb}`,
  );

/**
 * Stops a trial of a recorded run, has the debugger that dmrace names attach and do what is given,
 * and waits for the end of both.
 */
export async function debug(
  recorded: string,
  out: string,
  args: readonly string[],
  commands: readonly string[],
) {
  const replay = dmrace(['replay', recorded, '--gdb', '--out', out, '--quiet', ...args]);
  let said = '';
  replay.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  let ended = false;
  void replay.then(() => {
    ended = true;
  });
  await eventually('the guest stands', async () => ended || said.includes('attach with'), 240_000);
  const [, debuggerName = '', script = ''] = /^ +(gdb\S*) -q -x (\S+)$/m.exec(said) ?? [];
  const run = async () => {
    const words = commands.flatMap((command) => ['-ex', command]);
    return execa(debuggerName, ['-q', '-batch', '-x', script, ...words], { reject: false });
  };
  const gdb = ended ? null : await run();
  const result = await replay;
  expect(gdb, result.stdout + result.stderr).not.toBeNull();
  return { ...result, gdb: `${gdb?.stdout}\n${gdb?.stderr}`, debuggerName };
}
