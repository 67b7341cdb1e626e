// SPDX-License-Identifier: GPL-2.0-only
import { Argument, Command, Option } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../report/formats.js';
import { noteOf, readSavedRun } from '../runs/saved-run.js';
import { readKnownFile } from './known-file.js';
import { printResult, printTrial } from './output.js';
import { noSuchForm, printSweep } from './sweep.js';

/** `dmrace judge`: the verdict of a saved run, from its files alone. */
export function judgeCommand(exit: (code: number) => void): Command {
  return new Command('judge')
    .description('judge a saved run again, from its files alone')
    .addArgument(new Argument('<run-dir>', 'a folder that dmrace run made'))
    .addOption(new Option('--format <how>', 'how to print').choices(FORMAT_NAMES).default('pretty'))
    .addOption(
      new Option('--known <file>', 'crashes that are known (docs/verdicts.md), as for run'),
    )
    .addHelpText('after', '\nExample:\n  dmrace judge dmrace-runs/2026-11-24T01-50-00-000Z')
    .action(async (directory: string, options: { format: FormatName; known?: string }) => {
      exit(await judge(directory, options.format, options.known));
    });
}

async function judge(folder: string, format: FormatName, known?: string): Promise<number> {
  const started = performance.now();
  const saved = await readSavedRun(folder, known === undefined ? null : await readKnownFile(known));
  const { directory, result } = saved;
  const { kernel } = noteOf(saved);
  if (result.sweep) {
    if (format !== 'pretty' && format !== 'json') throw noSuchForm(format);
    printSweep({ result: result.sweep, kernel, directory: directory.root }, format);
    return result.exitCode;
  }
  for (const trial of result.trials) printTrial(trial, format);
  await printResult(result, format, directory.root, {
    totalMs: Math.round(performance.now() - started),
  });
  return result.exitCode;
}
