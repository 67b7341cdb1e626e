// SPDX-License-Identifier: MIT
import { Argument, Command, Option } from 'commander';
import { DmraceError } from '../model/errors.js';
import { FORMAT_NAMES, type FormatName } from '../report/formats.js';
import { isCompare } from '../runs/compare-folder.js';
import { readSavedRun } from '../runs/saved-run.js';
import { judgeCompareAsked } from './compare-output.js';
import { readKnownFile } from './known-file.js';
import { printResult, printTrial } from './output.js';
import { noSuchForm, printSweep } from './sweep-output.js';

/** `dmrace judge`: the verdict of a saved run, from its files alone. */
export function judgeCommand(exit: (code: number) => void): Command {
  return new Command('judge')
    .description('judge a saved run again, from its files alone')
    .addArgument(new Argument('<run-dir>', 'a folder that dmrace run made'))
    .addOption(new Option('--format <how>', 'how to print').choices(FORMAT_NAMES).default('pretty'))
    .addOption(
      new Option('--known <file>', 'crashes that are known (docs/verdicts.md), as for run'),
    )
    .addOption(
      new Option(
        '--manifest <sha256>',
        'of SHA256SUMS, kept elsewhere: every file of the run must be as it says',
      ),
    )
    .addHelpText(
      'after',
      `
Examples:
  dmrace judge dmrace-runs/2026-11-24T01-50-00-000Z
  dmrace judge /tmp/r1 --manifest $(cat r1.sha256)`,
    )
    .action(async (directory: string, options: JudgeOptions) => {
      exit(await judge(directory, options));
    });
}

interface JudgeOptions {
  readonly format: FormatName;
  readonly known?: string;
  readonly manifest?: string;
}

async function judge(folder: string, options: JudgeOptions): Promise<number> {
  const started = performance.now();
  const { format, known, manifest } = options;
  if (manifest !== undefined && !/^[0-9a-f]{64}$/i.test(manifest)) {
    throw new DmraceError('usage', {
      observed: `--manifest ${manifest}`,
      limit: 'a SHA-256: 64 hexadecimal digits',
      action: 'give what the run printed, or sha256sum of its SHA256SUMS',
    });
  }
  if (await isCompare(folder)) return judgeCompareAsked(folder, options);
  const saved = await readSavedRun(folder, {
    known: known === undefined ? undefined : await readKnownFile(known),
    manifest: manifest?.toLowerCase(),
  });
  const { directory, result } = saved;
  const { kernel } = result;
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
