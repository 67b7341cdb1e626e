// SPDX-License-Identifier: MIT
import { compare } from '../campaign/compare.js';
import { DmraceError } from '../model/errors.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import { shownDeep } from '../model/shown.js';
import { type CompareFormat, compareFormat, renderCompare } from '../report/compare/formats.js';
import type { Timing } from '../report/json.js';
import { readSavedCompare, type SavedCompare } from '../runs/compare-folder.js';
import { shownOf } from '../runs/shown.js';
import { tellGithubOfCompare } from './github.js';
import { readKnownFile } from './known-file.js';
import type { GivenOptions, RunOptions } from './options.js';
import { dockerWords, pageParts } from './output.js';
import { paintFor } from './paint.js';
import { Progress } from './progress.js';
import { runRequest } from './request.js';
import { out, say } from './streams.js';

/** @throws DmraceError (usage) for a format that a comparison does not have */
function formatOf(name: RunOptions['format']): CompareFormat {
  const format = compareFormat(name);
  if (format !== null) return format;
  throw new DmraceError('usage', {
    observed: `--format ${name}: a comparison has no such form`,
    action: 'make it of one side: dmrace report DIR/before, dmrace report DIR/after',
  });
}

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

/** `dmrace judge` of a comparison's folder. @returns the exit code */
export async function judgeCompareAsked(
  folder: string,
  { format, known, manifest }: { format: RunOptions['format']; known?: string; manifest?: string },
): Promise<number> {
  const wanted = formatOf(format);
  if (manifest !== undefined) {
    throw new DmraceError('usage', {
      observed: '--manifest of a comparison: each of its two runs has one',
      action: `judge one of them: dmrace judge ${folder}/after --manifest ${manifest}`,
    });
  }
  const started = performance.now();
  const issues = known === undefined ? undefined : await readKnownFile(known);
  const saved = await readSavedCompare(folder, issues);
  return printCompare(saved, wanted, { totalMs: Math.round(performance.now() - started) });
}

async function printCompare(
  saved: SavedCompare,
  format: CompareFormat,
  timing: Timing,
): Promise<number> {
  out(await compareIn(saved, format, timing));
  tellGithubOfCompare(saved.result);
  return saved.result.exitCode;
}

/** A saved comparison in a format. */
export async function compareText(
  saved: SavedCompare,
  name: RunOptions['format'],
): Promise<string> {
  return compareIn(saved, formatOf(name), {});
}

async function compareIn(
  { root, runs, result }: SavedCompare,
  format: CompareFormat,
  timing: Timing,
): Promise<string> {
  return renderCompare(format, {
    // People's text goes to a terminal as it is; files and data keep what was recorded.
    result: format === 'pretty' ? shownDeep(result) : result,
    directory: root,
    timing,
    paint: paintFor(process.stdout),
    docker: dockerWords(),
    evidence: async () => ({
      before: await shownOf(runs.before),
      after: await shownOf(runs.after),
    }),
    style: async () => (await pageParts()).style,
  });
}
