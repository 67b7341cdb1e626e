// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { scanCommand } from '../../../harness/cli/scan.js';

/** What a `dmrace scan` printed, and its exit code. */
export interface Scanned {
  readonly out: string;
  readonly err: string;
  readonly code: unknown;
}

/** Runs `dmrace scan` in this process. */
export async function runScan(args: readonly string[], input = ''): Promise<Scanned> {
  let out = '';
  let err = '';
  const scan = scanCommand({
    stdin: Readable.from([Buffer.from(input)]),
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
  });
  await new Command('dmrace').addCommand(scan).parseAsync(['scan', ...args], { from: 'user' });
  const code = process.exitCode;
  process.exitCode = 0;
  return { out, err, code };
}
