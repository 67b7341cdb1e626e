// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { DmraceError } from '../model/errors.js';
import { type KnownEntries, type KnownIssue, knownEntries } from '../model/known.js';

/** The crashes of a known-issues file; see {@link readKnownEntries}. */
export const readKnownFile = async (file: string): Promise<KnownIssue[]> => [
  ...(await readKnownEntries(file)).crashes,
];

/** Reads a known-issues file. @throws DmraceError (usage) that names every bad field. */
export async function readKnownEntries(file: string): Promise<KnownEntries> {
  const bad = (observed: string): DmraceError =>
    new DmraceError('usage', {
      observed: `--known ${file}: ${observed}`,
      artefact: file,
      action:
        'mend it: a JSON array of {cause, function, kernel: {from, to}, reference, title?}, and for the audit {finding, kernel, reference} or {fault, module, kernel, reference}',
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
  const read = knownEntries(value);
  if ('crashes' in read) return read;
  const problems = read.map((issue) => {
    const field = issue.path.map((part) =>
      typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
    );
    return `${field.join('').replace(/^\./, '') || 'the whole'}: ${issue.message}`;
  });
  throw bad(problems.join('; '));
}
