// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { assets } from '../util/assets.js';

/** A control's change to the sources of a suspect, as data, e.g. kernel-config/control.json. */
const ControlChange = z.strictObject({
  $comment: z.string().optional(),
  changes: z.array(
    z.strictObject({
      why: z.string(),
      /**
       * Only this makes the method return where the kernel's own may jump: without it the module is
       * the placement `as-compiled`.
       */
      compiler: z.literal(true).optional(),
      /** Kernel versions this form of the change is for, inclusive, as `major.minor`. */
      versions: z.strictObject({ from: z.string(), to: z.string().nullable() }),
      file: z.string(),
      /** Lines, whole and exact; the text must occur exactly once: there is no fuzz. */
      find: z.array(z.string()).nullable(),
      /** What stands there instead; with `find` null, appended. */
      replace: z.array(z.string()),
    }),
  ),
});

const versionNumber = (text: string): number => {
  const [major = '0', minor = '0'] = text.split('.');
  return Number(major) * 1000 + Number.parseInt(minor, 10);
};

/** A file of kernel-config/ with a control's change. */
export interface ChangeFile {
  readonly name: string;
  readonly text: string;
}

/** @param name as SuspectBuild.change has it */
export const readChangeFile = async (name: string): Promise<ChangeFile> => ({
  name,
  text: await readFile(assets('kernel-config', name), 'utf8'),
});

/**
 * Makes a copy of a suspect's sources those of its control.
 * @param sources folder of the copy
 * @param which only what places the method, or only what has it compiled otherwise; all by default
 * @throws DmraceError (inconclusive) when a text to replace is not there exactly once: this
 *   kernel's sources are not the ones the change was written for.
 */
export async function applyControlChange(
  sources: string,
  version: string,
  data: ChangeFile,
  which?: 'place' | 'compiler',
): Promise<void> {
  const { changes } = ControlChange.parse(JSON.parse(data.text));
  const number = versionNumber(version);
  for (const change of changes) {
    if (which !== undefined && (change.compiler === true) !== (which === 'compiler')) continue;
    if (number < versionNumber(change.versions.from)) continue;
    if (change.versions.to !== null && number > versionNumber(change.versions.to)) continue;
    const file = path.join(sources, change.file);
    const text = await readFile(file, 'utf8');
    const where = `${change.file} of ${version}`;
    await writeFile(file, applyChange(text, change, { where, from: data.name }));
  }
}

/**
 * One change on one text; exported for its test.
 * @param told for the error: what the text is, and which file of kernel-config/ has the change
 * @throws DmraceError (inconclusive), see {@link applyControlChange}.
 */
export function applyChange(
  text: string,
  {
    find,
    replace,
  }: { readonly find: readonly string[] | null; readonly replace: readonly string[] },
  told: { readonly where: string; readonly from: string },
): string {
  const ending = text.endsWith('\n') || text === '' ? '' : '\n';
  if (find === null) return `${text}${ending}${replace.join('\n')}\n`;
  const lines = text.split('\n');
  const starts = lines.flatMap((_, at) =>
    find.every((wanted, offset) => lines[at + offset] === wanted) ? [at] : [],
  );
  const [at] = starts;
  if (at === undefined || starts.length !== 1) {
    throw new DmraceError('inconclusive', {
      observed: `${told.where}: ${JSON.stringify(find.join('\n'))} occurs ${starts.length} times${whereInstead(lines, find, starts)}`,
      limit: 'exactly once',
      action: `add this version’s form of the change to kernel-config/${told.from}`,
    });
  }
  return [...lines.slice(0, at), ...replace, ...lines.slice(at + find.length)].join('\n');
}

/** Where the text is, or, when it is nowhere, the lines that are most like its own. */
function whereInstead(
  lines: readonly string[],
  find: readonly string[],
  starts: readonly number[],
): string {
  if (starts.length > 0) return ` (lines ${starts.map((start) => start + 1).join(', ')})`;
  const like = find.flatMap((wanted) => {
    const nearest = nearestLine(lines, wanted);
    return nearest === null ? [] : [`line ${nearest + 1}: ${JSON.stringify(lines[nearest])}`];
  });
  return like.length === 0 ? '' : ` (most like it: ${[...new Set(like)].join('; ')})`;
}

/**
 * Index of the line that shares the most with `wanted` at its two ends; null when none shares more
 * than half.
 */
function nearestLine(lines: readonly string[], wanted: string): number | null {
  const alike = lines.map((line) => {
    const shorter = Math.min(line.length, wanted.length);
    let head = 0;
    while (head < shorter && line[head] === wanted[head]) head++;
    let tail = 0;
    while (tail < shorter - head && line.at(-1 - tail) === wanted.at(-1 - tail)) tail++;
    return (head + tail) / Math.max(line.length, wanted.length, 1);
  });
  const most = Math.max(...alike);
  return most > 0.5 ? alike.indexOf(most) : null;
}
