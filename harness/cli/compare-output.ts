// SPDX-License-Identifier: MIT
import { DmraceError } from '../model/errors.js';
import { shownDeep } from '../model/shown.js';
import { type CompareFormat, compareFormat, renderCompare } from '../report/compare/formats.js';
import type { Timing } from '../report/json.js';
import { readSavedCompare, type SavedCompare } from '../runs/compare-folder.js';
import { shownOf } from '../runs/shown.js';
import { tellGithubOfCompare } from './github.js';
import { readKnownFile } from './known-file.js';
import type { RunOptions } from './options.js';
import { dockerWords, pageParts } from './output.js';
import { paintFor } from './paint.js';
import { out } from './streams.js';

/** The format of that name. @throws DmraceError (usage) for one that a comparison does not have */
export function formatOf(name: RunOptions['format']): CompareFormat {
  const format = compareFormat(name);
  if (format !== null) return format;
  throw new DmraceError('usage', {
    observed: `--format ${name}: a comparison has no such form`,
    action: 'make it of one side: dmrace report DIR/before, dmrace report DIR/after',
  });
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

/** Prints a comparison, and tells GitHub of it. @returns the exit code */
export async function printCompare(
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
