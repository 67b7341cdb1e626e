// SPDX-License-Identifier: GPL-2.0-only
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';

/** kernel-config/control.json: the control's change to drivers/md, as data. */
const ControlChange = z.strictObject({
  $comment: z.string().optional(),
  changes: z.array(
    z.strictObject({
      why: z.string(),
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

/**
 * Moves the release method into the module in a copy of drivers/md.
 * @param data text of kernel-config/control.json
 * @throws DmraceError (inconclusive) when a text to replace is not there exactly once: this kernel's
 *   sources are not the ones the change was written for.
 */
export async function moveReleaseIntoModule(
  md: string,
  version: string,
  data: string,
): Promise<void> {
  const { changes } = ControlChange.parse(JSON.parse(data));
  const number = versionNumber(version);
  for (const change of changes) {
    if (number < versionNumber(change.versions.from)) continue;
    if (change.versions.to !== null && number > versionNumber(change.versions.to)) continue;
    const file = path.join(md, change.file);
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      applyChange(text, change.find, change.replace, `${change.file} of ${version}`),
    );
  }
}

/** One change on one text; exported for its test. */
export function applyChange(
  text: string,
  find: readonly string[] | null,
  replace: readonly string[],
  where: string,
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
      observed: `${where}: ${JSON.stringify(find.join('\n'))} occurs ${starts.length} times${whereInstead(lines, find, starts)}`,
      limit: 'exactly once',
      action: 'add this version’s form of the change to kernel-config/control.json',
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
