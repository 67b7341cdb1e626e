// SPDX-License-Identifier: MIT
import { compare } from '../campaign/compare.js';
import { DmraceError } from '../model/errors.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import { formatOf, printCompare } from './compare-output.js';
import type { GivenOptions } from './options.js';
import { Progress } from './progress.js';
import { runRequest } from './request.js';
import { say } from './streams.js';

/** `dmrace run --compare`. @returns the exit code */
export async function compareAsked(
  { options }: GivenOptions,
  signal: AbortSignal,
): Promise<number> {
  const format = formatOf(options.format);
  for (const name of ['resume', 'shard'] as const) {
    if (options[name] === undefined) continue;
    throw new DmraceError('usage', {
      observed: `--${name} with --compare: its two runs belong together`,
      action: `leave --${name} out`,
    });
  }
  const stages = new Progress(signal, options.quiet);
  const { root, saved, timing } = await compare(await runRequest(options, null), {
    signal,
    stages,
  });
  if (saved === null) {
    say(`dmrace: interrupted; what was run lies in ${root}\n`);
    return INTERRUPTED;
  }
  return printCompare(saved, format, timing);
}
