// SPDX-License-Identifier: MIT
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import type { Damage } from '../model/damage.js';
import { DmraceError } from '../model/errors.js';
import { trialName } from '../model/trial.js';
import { AUDIT_FORMATS } from '../report/audit/formats.js';
import type { RunEvidence } from '../report/evidence.js';
import { FORMATS, type FormatName } from '../report/formats.js';
import { AuditFolder } from '../runs/audit/audit-folder.js';
import { readSavedAudit } from '../runs/audit/saved-audit.js';
import { isCompare, readSavedCompare } from '../runs/compare-folder.js';
import { readSavedRun } from '../runs/saved-run.js';
import { shownOf } from '../runs/shown.js';
import { explainIo } from '../util/io.js';
import { ALL_FORMAT_NAMES, auditFormat, renderedAudit } from './audit-output.js';
import { compareText } from './compare-output.js';
import { rendered, runFormat } from './output.js';
import { paintFor } from './paint.js';
import { out, say } from './streams.js';

interface ReportOptions {
  readonly format: string;
  readonly output?: string;
  readonly trial?: string;
}

/** `dmrace report`: a saved run as a file to look at or to mail. */
export function reportCommand(exit: (code: number) => void): Command {
  return new Command('report')
    .description('make a report of a saved run, also of a damaged one')
    .addArgument(new Argument('<run-dir>', 'a folder that dmrace run or audit made'))
    .addOption(
      new Option('--format <how>', 'what to make').choices(ALL_FORMAT_NAMES).default('html'),
    )
    .addOption(
      new Option('--output <file>', 'where to, - for stdout (default: in the run directory)'),
    )
    .addOption(
      new Option('--trial <name>', 'draw this trial, e.g. builtin-3, instead of those chosen'),
    )
    .addHelpText(
      'after',
      `
The file's path is printed. Exit code 125 when a file of the run is missing or damaged: the report
is made of what is left and says which file and what was expected. The verdict is in the report and
does not change the exit code.

Examples:
  dmrace report dmrace-runs/2026-11-24T01-50-00-000Z
  dmrace report /tmp/r1 --format svg --output timeline.svg
  dmrace report /tmp/r1 --format markdown --output -   for a mail or a merge request
  dmrace report /tmp/r1 --format perfetto          open the file at https://ui.perfetto.dev`,
    )
    .action(async (directory: string, options: ReportOptions) => {
      exit(await report(directory, options));
    });
}

async function report(folder: string, options: ReportOptions): Promise<number> {
  if (options.output === '') {
    throw new DmraceError('usage', {
      observed: '--output is empty',
      action: 'name a file, or - for stdout',
    });
  }
  if (await AuditFolder.is(folder)) return reportAudit(folder, options);
  const format = runFormat(options.format);
  if (await isCompare(folder)) return reportCompare(folder, options, format);
  const started = performance.now();
  const saved = await readSavedRun(folder);
  const { directory, result } = saved;
  const evidence = only(await shownOf(saved), options.trial, directory.root);
  const text = await rendered(
    format,
    {
      result,
      directory: directory.root,
      manifest: null,
      timing: { totalMs: Math.round(performance.now() - started) },
      paint: paintFor(process.stdout),
      docker: [],
    },
    async () => evidence,
  );
  sayDamage(evidence.damage);
  await deliver(text, options.output, path.join(directory.root, FORMATS[format].file));
  return evidence.damage.length > 0 ? 125 : 0;
}

/** The same of an audit. */
async function reportAudit(root: string, options: ReportOptions): Promise<number> {
  const started = performance.now();
  const format = auditFormat(options.format);
  if (options.trial !== undefined) {
    throw new DmraceError('usage', {
      observed: `--trial ${options.trial}: an audit has visits and no trials`,
      action: 'leave it out',
    });
  }
  const { folder, result, damage } = await readSavedAudit(root);
  const timing = { totalMs: Math.round(performance.now() - started) };
  const view = { result, timing, directory: folder.root, manifest: null, damage };
  const text = await renderedAudit(format, view);
  sayDamage(damage);
  await deliver(text, options.output, path.join(folder.root, AUDIT_FORMATS[format].file));
  return damage.length > 0 ? 125 : 0;
}

function sayDamage(damage: readonly Damage[]): void {
  for (const { file, observed, expected } of damage) {
    say(`dmrace: ${path.dirname(file)}: ${observed}; expected: ${expected}\n`);
  }
}

/** Prints a report, or writes it and prints where to. @param usual where to without --output */
async function deliver(text: string, output: string | undefined, usual: string): Promise<void> {
  if (output === '-') {
    out(text);
    return;
  }
  const file = path.resolve(output ?? usual);
  await writeFileAtomic(file, text).catch((error: unknown) => {
    throw explainIo(error, file);
  });
  out(`${file}\n`);
}

/** The same of a comparison. */
async function reportCompare(
  folder: string,
  options: ReportOptions,
  format: FormatName,
): Promise<number> {
  if (options.trial !== undefined) {
    throw new DmraceError('usage', {
      observed: `--trial ${options.trial} of a comparison: its trials are of two runs`,
      artefact: folder,
      action: 'name one of them: dmrace report DIR/before, dmrace report DIR/after',
    });
  }
  const saved = await readSavedCompare(folder);
  const text = await compareText(saved, format);
  await deliver(text, options.output, path.join(saved.root, FORMATS[format].file));
  const damage = Object.entries(saved.runs).flatMap(([side, run]) =>
    run.damage.map((one) => `${side}/${one.file}: ${one.observed}`),
  );
  for (const line of damage) say(`dmrace: ${line}\n`);
  return damage.length > 0 ? 125 : 0;
}

/** One trial to be drawn, where it is named; the result stays that of all. */
function only(evidence: RunEvidence, name: string | undefined, root: string): RunEvidence {
  if (name === undefined) return evidence;
  const trials = evidence.trials.filter(({ result }) => trialName(result) === name);
  if (trials.length > 0) return { ...evidence, trials };
  throw new DmraceError('usage', {
    observed: `--trial ${name}: ${root} has no such trial`,
    artefact: root,
    action: 'name the folder of a trial, e.g. builtin-0',
  });
}
