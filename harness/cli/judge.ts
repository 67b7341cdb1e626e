// SPDX-License-Identifier: MIT
import { Argument, Command, Option } from 'commander';
import { DmraceError } from '../model/errors.js';
import { AuditFolder } from '../runs/audit/audit-folder.js';
import { readBaseline, readSavedAudit } from '../runs/audit/saved-audit.js';
import { isCompare } from '../runs/compare-folder.js';
import { readSavedRun } from '../runs/saved-run.js';
import { ALL_FORMAT_NAMES, auditFormat, printAudit } from './audit-output.js';
import { judgeCompareAsked } from './compare-output.js';
import { readKnownEntries, readKnownFile } from './known-file.js';
import { printResult, printTrial, runFormat } from './output.js';
import { noSuchForm, printSweep } from './sweep-output.js';

/** `dmrace judge`: the verdict of a saved run, from its files alone. */
export function judgeCommand(exit: (code: number) => void): Command {
  return new Command('judge')
    .description('judge a saved run again, from its files alone')
    .addArgument(new Argument('<run-dir>', 'a folder that dmrace run or audit made'))
    .addOption(
      new Option('--format <how>', 'how to print').choices(ALL_FORMAT_NAMES).default('pretty'),
    )
    .addOption(
      new Option('--known <file>', 'crashes that are known (docs/verdicts.md), as for run'),
    )
    .addOption(
      new Option(
        '--manifest <sha256>',
        'of SHA256SUMS, kept elsewhere: every file of the run must be as it says',
      ),
    )
    .addOption(
      new Option('--baseline <dir>', 'of an audit: an earlier one, red only on what is new since'),
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
  readonly format: string;
  readonly known?: string;
  readonly baseline?: string;
  readonly manifest?: string;
}

async function judge(folder: string, options: JudgeOptions): Promise<number> {
  const started = performance.now();
  const { known, manifest } = options;
  if (manifest !== undefined && !/^[0-9a-f]{64}$/i.test(manifest)) {
    throw new DmraceError('usage', {
      observed: `--manifest ${manifest}`,
      limit: 'a SHA-256: 64 hexadecimal digits',
      action: 'give what the run printed, or sha256sum of its SHA256SUMS',
    });
  }
  if (await AuditFolder.is(folder)) return judgeSavedAudit(folder, options);
  const format = runFormat(options.format);
  refuseBaseline(options.baseline);
  if (await isCompare(folder)) return judgeCompareAsked(folder, { ...options, format });
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

/** An audit's folder, judged again. */
async function judgeSavedAudit(root: string, options: JudgeOptions): Promise<number> {
  const started = performance.now();
  const format = auditFormat(options.format);
  const { known, baseline, manifest } = options;
  const { folder, result, damage } = await readSavedAudit(root, {
    known: known === undefined ? undefined : (await readKnownEntries(known)).audit,
    baseline: baseline === undefined ? undefined : await readBaseline(baseline),
    manifest: manifest?.toLowerCase(),
  });
  const timing = { totalMs: Math.round(performance.now() - started) };
  await printAudit(format, { result, timing, directory: folder.root, manifest: null, damage });
  return result.exitCode;
}

function refuseBaseline(baseline: string | undefined): void {
  if (baseline === undefined) return;
  throw new DmraceError('usage', {
    observed: `--baseline ${baseline}: only audits are compared with an earlier one`,
    action: 'leave it out, or name a folder of dmrace audit',
  });
}
