// SPDX-License-Identifier: MIT
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { type Exercise, ExerciseFile } from '../model/exercise.js';

/** The family of exercises that were given with --exercise. */
export const OWN_FAMILY = 'own';

/** The text of one exercise, and where it is from. */
export interface ExerciseSource {
  /** For messages. */
  readonly file: string;
  readonly name: string;
  readonly family: string;
  readonly text: string;
}

const refuse = (file: string, line: number | null, observed: string): DmraceError =>
  new DmraceError('usage', {
    observed: `${file}${line === null ? '' : `:${line}`}: ${observed}`,
    artefact: file,
    action: 'mend that line; docs/audit.md shows the form of an exercise',
  });

/** The line of what a path leads to, or of the nearest thing around it; null where there is none. */
function lineOf(document: Document, lines: LineCounter, at: readonly PropertyKey[]): number | null {
  for (let length = at.length; length >= 0; length--) {
    const node: unknown = document.getIn(at.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}

/** What is wrong, in words, and the path to it. */
function wordsOf(issue: z.core.$ZodIssue): { readonly said: string; readonly at: PropertyKey[] } {
  if (issue.code === 'invalid_union') {
    // Of what could have been meant, that which fits farthest.
    const [nearest] = issue.errors.flat().sort((a, b) => b.path.length - a.path.length);
    if (nearest) return wordsOf({ ...nearest, path: [...issue.path, ...nearest.path] });
  }
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => `"${key}"`).join(', ');
    const where = issue.path.length === 0 ? 'an exercise' : `"${issue.path.join('.')}"`;
    return { said: `${where} has no ${keys}`, at: [...issue.path, issue.keys[0] ?? ''] };
  }
  const what = issue.path.length === 0 ? 'it' : `"${issue.path.join('.')}"`;
  return { said: `${what}: ${issue.message.replace(/^Invalid input: /, '')}`, at: issue.path };
}

/**
 * Reads one exercise. JSON is YAML too.
 * @throws DmraceError (usage) that names the file, the line and the first thing that is wrong.
 */
export function parseExercise({ file, name, family, text }: ExerciseSource): Exercise {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [bad] = document.errors;
  if (bad) {
    const { line } = lines.linePos(bad.pos[0]);
    throw refuse(file, line, `it is neither YAML nor JSON: ${bad.message}`);
  }
  const value: unknown = document.toJS();
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw refuse(file, 1, `it holds ${described(value)}, not an exercise`);
  }
  const read = ExerciseFile.safeParse({ module: name, ...value });
  if (!read.success) {
    const [issue] = read.error.issues;
    if (!issue) throw refuse(file, null, 'it cannot be read');
    const { said, at } = wordsOf(issue);
    throw refuse(file, lineOf(document, lines, at), said);
  }
  return { ...read.data, name, family };
}

function described(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : `the ${typeof value} ${JSON.stringify(value)}`;
}

/** An exercise and its file, for {@link checkExercises}. */
export interface ReadExercise {
  readonly exercise: Exercise;
  readonly file: string;
}

/**
 * What one file alone cannot tell: no two exercises have one name, and every tool is on the disk.
 * @param programs on the disk of tools
 * @throws DmraceError (usage)
 */
export function checkExercises(
  read: readonly ReadExercise[],
  programs: ReadonlySet<string>,
): readonly Exercise[] {
  const files = new Map<string, string>();
  for (const { exercise, file } of read) {
    const other = files.get(exercise.name);
    if (other !== undefined) {
      throw new DmraceError('usage', {
        observed: `${file} and ${other} are both the exercise ${exercise.name}`,
        artefact: file,
        action: 'give its file another name, and say "module" in it',
      });
    }
    files.set(exercise.name, file);
    const lacking = exercise.tools.filter((tool) => !programs.has(tool));
    if (lacking.length > 0) {
      throw new DmraceError('usage', {
        observed: `${file} needs ${lacking.join(', ')}, which the guest has not`,
        artefact: file,
        action: 'do it with a program of the guest; perl with -MGuest can do every system call',
      });
    }
  }
  return read.map(({ exercise }) => exercise);
}
