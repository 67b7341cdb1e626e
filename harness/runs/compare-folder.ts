// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { judgeCompare } from '../judge/compare.js';
import { type CompareResult, SIDES, type Side } from '../model/compare.js';
import { DmraceError } from '../model/errors.js';
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

/** A saved comparison, read and judged. */
export interface SavedCompare {
  readonly root: string;
  readonly runs: Readonly<Record<Side, SavedRun>>;
  readonly result: CompareResult;
}

/**
 * Reads and judges a comparison from its files alone.
 * @throws DmraceError (inconclusive) when compare.json is not as it was written; as readSavedRun()
 *   does of the runs.
 */
export async function readSavedCompare(
  folder: string,
  known?: ReadOptions['known'],
): Promise<SavedCompare> {
  const root = path.resolve(folder);
  const file = path.join(root, FILE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw explainIo(error, file);
  });
  const ties = parseJson(text, Ties);
  if (!ties.ok || !isAsSealed(text)) {
    throw new DmraceError('inconclusive', {
      observed: `${FILE} is damaged: ${ties.ok ? 'its seal does not fit' : ties.problem}`,
      artefact: file,
      action: `judge the runs by themselves: ${SIDES.map((side) => sideFolder(root, side)).join(', ')}`,
    });
  }
  const read = (side: Side): Promise<SavedRun> =>
    readSavedRun(sideFolder(root, side), { known, manifest: ties.value.manifests[side] });
  const runs = { before: await read('before'), after: await read('after') };
  const result = judgeCompare(runs.before.evidence, runs.after.evidence);
  return { root, runs, result };
}
