// SPDX-License-Identifier: MIT
import { Argument, Command, Option } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../report/formats.js';
import { mergeShards } from '../runs/merge.js';
import { printResult, printTrial } from './output.js';

/** `dmrace merge`: the shards of a campaign as one run. */
export function mergeCommand(exit: (code: number) => void): Command {
  return new Command('merge')
    .description('put the shards of a campaign together into one run and judge it')
    .addArgument(new Argument('<dirs...>', 'run folders of dmrace run --shard'))
    .addOption(new Option('--out <dir>', 'folder of the whole run').makeOptionMandatory())
    .addOption(new Option('--format <how>', 'how to print').choices(FORMAT_NAMES).default('pretty'))
    .addHelpText('after', '\nExample:\n  dmrace merge shard-1 shard-2 --out whole')
    .action(async (folders: string[], options: { out: string; format: FormatName }) => {
      exit(await merge(folders, options.out, options.format));
    });
}

async function merge(folders: readonly string[], out: string, format: FormatName): Promise<number> {
  const started = performance.now();
  const { directory, saved } = await mergeShards(folders, out);
  const { result } = saved;
  const timing = { totalMs: Math.round(performance.now() - started) };
  const { verdict, reasons, exitCode } = result;
  await directory.writeVerdict({ schema: 1, verdict, reasons, exitCode, timing });
  const manifest = await directory.writeManifest();
  await directory[Symbol.asyncDispose]();
  for (const trial of result.trials) printTrial(trial, format);
  await printResult(result, format, directory.root, timing, manifest);
  return result.exitCode;
}
