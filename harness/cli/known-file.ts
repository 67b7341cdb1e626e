// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { DmraceError } from '../model/errors.js';
import { type KnownIssue, KnownIssues } from '../model/known.js';

/** Reads a known-issues file. @throws DmraceError (usage) that names every bad field. */
export async function readKnownFile(file: string): Promise<KnownIssue[]> {
  const bad = (observed: string): DmraceError =>
    new DmraceError('usage', {
      observed: `--known ${file}: ${observed}`,
      artefact: file,
      action: 'mend it: a JSON array of {cause, function, kernel: {from, to}, reference, title?}',
    });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw bad(`it cannot be read (${error instanceof Error ? error.message : String(error)})`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const parsed = KnownIssues.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const field = issue.path.map((part) =>
      typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
    );
    return `${field.join('').replace(/^\./, '') || 'the whole'}: ${issue.message}`;
  });
  throw bad(problems.join('; '));
}
