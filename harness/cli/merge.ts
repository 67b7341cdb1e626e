// SPDX-License-Identifier: GPL-2.0-only
import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { DmraceError } from '../model/errors.js';
import { FORMAT_NAMES, type FormatName } from '../report/formats.js';
import { RunDirectory, type RunNote, readyFolder } from '../runs/run-directory.js';
import { explainIo } from '../util/io.js';
import { printResult, printTrial } from './output.js';
import { sameRun } from '../campaign/resume.js';
import { readSavedRun } from '../runs/saved-run.js';

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
  const shards: { directory: RunDirectory; note: RunNote }[] = [];
  for (const folder of folders) {
    const directory = await RunDirectory.open(path.resolve(folder));
    shards.push({ directory, note: await directory.readNote() });
  }
  const note = wholeNote(shards.map((shard) => shard.note));
  const whole = await RunDirectory.create(path.resolve(out));
  await whole.writeNote(note);
  const entries = [];
  for (const { directory } of shards) {
    const ledger = await directory.readLedger();
    if (ledger.problems.length > 0) {
      throw new DmraceError('inconclusive', {
        observed: `${directory.root}: ${ledger.problems.join('; ')}`,
        artefact: directory.root,
        action: 'run that shard again',
      });
    }
    entries.push(...ledger.entries);
    const boots = note.placements.map((placement) => readyFolder(placement));
    const kept = (await readdir(directory.root)).filter((name) => boots.includes(name));
    for (const name of [...kept, ...(await directory.trialNames())]) {
      const [from, to] = [path.join(directory.root, name), path.join(whole.root, name)];
      await cp(from, to, { recursive: true }).catch((error: unknown) => {
        throw explainIo(error, to);
      });
    }
  }
  await whole.writeLedger(entries);
  const { result } = await readSavedRun(whole.root);
  const timing = { totalMs: Math.round(performance.now() - started) };
  const { verdict, reasons, exitCode } = result;
  await whole.writeVerdict({ schema: 1, verdict, reasons, exitCode, timing });
  for (const trial of result.trials) printTrial(trial, format);
  await printResult(result, format, whole.root, timing);
  return result.exitCode;
}

/**
 * The note of the run that shards are parts of. Shards that are absent leave their trials untried,
 * which the verdict then says.
 * @throws DmraceError (usage) when they are not shards of one run, or one is given twice.
 */
export function wholeNote(notes: readonly RunNote[]): RunNote {
  const [first] = notes;
  if (!first)
    throw new DmraceError('usage', { observed: 'no shards', action: 'name their folders' });
  const seen = new Set<number>();
  for (const note of notes) {
    const { shard } = note;
    if (!shard) {
      throw new DmraceError('usage', {
        observed: `the run of ${note.startedAt} is no shard`,
        action: 'merge folders that dmrace run --shard made',
      });
    }
    if (seen.has(shard.number)) {
      throw new DmraceError('usage', {
        observed: `shard ${shard.number} of ${shard.of} is given twice`,
        action: 'give each shard once',
      });
    }
    seen.add(shard.number);
    sameRun(
      { ...first, shard: { number: 1, of: first.shard?.of ?? shard.of } },
      { ...note, shard: { number: 1, of: shard.of } },
    );
  }
  const { shard: _, ...whole } = first;
  const ends = notes.map((note) => note.end ?? { how: 'interrupted' as const });
  const end = ends.find(({ how }) => how !== 'complete') ?? { how: 'complete' as const };
  return { ...whole, end, codes: Object.assign({}, ...notes.map((note) => note.codes)) };
}
