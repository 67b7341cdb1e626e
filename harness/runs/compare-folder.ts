// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { judgeCompare } from '../judge/compare.js';
import type { CompareResult, Side } from '../model/compare.js';
import { explainIo } from '../util/io.js';
import { parseJson } from '../util/json.js';
import { type ReadOptions, readSavedRun, type SavedRun } from './saved-run.js';
import { isAsSealed, sealedText } from './seal.js';

/** What ties the two runs of a folder together. */
const FILE = 'compare.json';

const Ties = z.strictObject({
  schema: z.literal(1),
  kind: z.literal('compare'),
  /** SHA-256 of each run's manifest, as it was when the run had ended. */
  manifests: z.strictObject({ before: z.string(), after: z.string() }),
  seal: z.string(),
});

/** Folder of one side below that of the comparison. */
export const sideFolder = (root: string, side: Side): string => path.join(root, side);

/** Notes that two runs were made to be compared. @throws DmraceError (environment). */
export async function writeCompare(
  root: string,
  manifests: Readonly<Record<Side, string>>,
): Promise<void> {
  const file = path.join(root, FILE);
  const text = sealedText({ schema: 1, kind: 'compare', manifests });
  await writeFileAtomic(file, text).catch((error: unknown) => {
    throw explainIo(error, file);
  });
}

/** Whether a folder is that of a comparison. */
export const isCompare = (folder: string): Promise<boolean> =>
  stat(path.join(folder, FILE)).then(
    () => true,
    () => false,
  );

type ReadTies =
  | { readonly ok: true; readonly manifests: Readonly<Record<Side, string>> }
  | { readonly ok: false; readonly problem: string };

function readTies(text: string | null): ReadTies {
  if (text === null) return { ok: false, problem: 'it cannot be read' };
  const ties = parseJson(text, Ties);
  if (!ties.ok) return ties;
  if (!isAsSealed(text)) return { ok: false, problem: 'its seal does not fit' };
  return { ok: true, manifests: ties.value.manifests };
}

/** A saved comparison, read and judged. */
export interface SavedCompare {
  readonly root: string;
  readonly runs: Readonly<Record<Side, SavedRun>>;
  readonly result: CompareResult;
}

/**
 * Reads and judges a comparison from its files alone. Where compare.json is damaged, nothing says that
 * the two runs belong together: that takes `closed` away, but no crash that they show.
 * @throws DmraceError as readSavedRun() does of the runs.
 */
export async function readSavedCompare(
  folder: string,
  known?: ReadOptions['known'],
): Promise<SavedCompare> {
  const root = path.resolve(folder);
  const ties = readTies(await readFile(path.join(root, FILE), 'utf8').catch(() => null));
  const manifests = ties.ok ? ties.manifests : null;
  const read = (side: Side): Promise<SavedRun> =>
    readSavedRun(sideFolder(root, side), { known, manifest: manifests?.[side] });
  const runs = { before: await read('before'), after: await read('after') };
  const problems = ties.ok ? [] : [`${FILE} is damaged: ${ties.problem}`];
  const result = judgeCompare(runs.before.evidence, runs.after.evidence, problems);
  return { root, runs, result };
}
