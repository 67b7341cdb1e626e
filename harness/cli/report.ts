// SPDX-License-Identifier: MIT
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { DmraceError } from '../model/errors.js';
import { trialName } from '../model/trial.js';
import type { RunEvidence } from '../report/evidence.js';
import { FORMAT_NAMES, FORMATS, type FormatName } from '../report/formats.js';
import { isCompare, readSavedCompare } from '../runs/compare-folder.js';
import { readSavedRun } from '../runs/saved-run.js';
import { shownOf } from '../runs/shown.js';
import { explainIo } from '../util/io.js';
import { compareText } from './compare-output.js';
import { rendered } from './output.js';
import { paintFor } from './paint.js';
import { out, say } from './streams.js';

interface ReportOptions {
  readonly format: FormatName;
  readonly output?: string;
  readonly trial?: string;
}

/** `dmrace report`: a saved run as a file to look at or to mail. */
export function reportCommand(exit: (code: number) => void): Command {
  return new Command('report')
    .description('make a report of a saved run, also of a damaged one')
    .addArgument(new Argument('<run-dir>', 'a folder that dmrace run made'))
    .addOption(new Option('--format <how>', 'what to make').choices(FORMAT_NAMES).default('html'))
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
  if (await isCompare(folder)) return reportCompare(folder, options);
  const started = performance.now();
  const saved = await readSavedRun(folder);
  const { directory, result } = saved;
  const evidence = only(await shownOf(saved), options.trial, directory.root);
  const text = await rendered(
    options.format,
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
  for (const { file, observed, expected } of evidence.damage) {
    say(`dmrace: ${path.dirname(file)}: ${observed}; expected: ${expected}\n`);
  }
  await write(text, directory.root, options);
  return evidence.damage.length > 0 ? 125 : 0;
}

/** To stdout, or to a file whose path is printed. */
async function write(text: string, root: string, { output, format }: ReportOptions): Promise<void> {
  if (output === '-') {
    out(text);
    return;
  }
  const file = path.resolve(output ?? path.join(root, FORMATS[format].file));
  await writeFileAtomic(file, text).catch((error: unknown) => {
    throw explainIo(error, file);
  });
  out(`${file}\n`);
}

async function reportCompare(folder: string, options: ReportOptions): Promise<number> {
  if (options.trial !== undefined) {
    throw new DmraceError('usage', {
      observed: `--trial ${options.trial} of a comparison: its trials are of two runs`,
      artefact: folder,
      action: 'name one of them: dmrace report DIR/before, dmrace report DIR/after',
    });
  }
  const saved = await readSavedCompare(folder);
  await write(await compareText(saved, options.format), saved.root, options);
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
