// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DmraceError } from './errors.js';

/** What a run says of a patch that its kernel has on top of its sources. */
export const PatchIdentity = z.strictObject({
  /** As given with --patch. */
  file: z.string(),
  /** Of the mail; null for a plain diff. */
  subject: z.string().nullable(),
  /** SHA-256 of the diff, as it is handed to git apply. */
  sha256: z.string(),
});
export type PatchIdentity = z.infer<typeof PatchIdentity>;

/** One patch of a series. */
export interface Patch extends PatchIdentity {
  /** The diff with whatever prose stands before it, for git apply. */
  readonly diff: string;
  /** Files that it names, without the leading folder (-p1): new names, and those it renames from. */
  readonly files: readonly string[];
}

/** Patches in the order in which they are applied; empty: the sources as they are. */
export type Series = readonly Patch[];

/** For people: `2 patches`, `the sources as they are`. */
export const seriesWords = (patches: readonly unknown[]): string =>
  patches.length === 0
    ? 'no patch'
    : patches.length === 1
      ? '1 patch'
      : `${patches.length} patches`;

/** A mail or a plain diff, before it is known whether it belongs to the series. */
export interface Letter {
  readonly file: string;
  readonly subject: string | null;
  /** Empty where it has none: a cover letter, an answer. */
  readonly diff: string;
}

/** Place of a mail in its series, as its subject says: `[PATCH v2 1/3]`. */
export interface Numbering {
  readonly version: number;
  /** From 1; 0 is the cover letter. */
  readonly number: number;
  readonly of: number;
}

/**
 * Reads the tags before a subject, as git format-patch writes them and lists add theirs before
 * (git-format-patch(1), --subject-prefix and -v). Null for a mail that is in no numbered series.
 */
export function numberingOf(subject: string): Numbering | null {
  const tags = /^(?:\s*(?:re|aw|fwd?):)*((?:\s*\[[^\]]*\])+)/i.exec(subject)?.[1] ?? '';
  for (const [, tag = ''] of tags.matchAll(/\[([^\]]*)\]/g)) {
    const numbers = /(?:^|\s)(\d+)\/(\d+)(?=\s|$)/.exec(tag);
    if (numbers === null || !/\b(PATCH|RFC|RFT)/i.test(tag)) continue;
    const version = /\bv(\d+)\b/i.exec(tag)?.[1] ?? '1';
    return {
      version: Number(version),
      number: Number(numbers[1]),
      of: Number(numbers[2]),
    };
  }
  return null;
}

const isAnswer = ({ subject }: Letter): boolean => /^\s*(re|aw):/i.test(subject ?? '');

/** The parts of one numbered series, in whatever order the mails came. */
interface Group {
  readonly name: string;
  readonly of: number;
  readonly parts: { readonly number: number; readonly letter: Letter }[];
}

/**
 * Puts the letters of all files into the order in which they are applied: files as given, in each
 * the mails as they stand, but those of a numbered series by their numbers. Answers, and cover
 * letters without a diff, are left out.
 * @throws DmraceError (usage) when nothing of it is a patch, and for a series with a hole or with
 *   two versions of a part.
 */
export function orderedLetters(letters: readonly Letter[]): Letter[] {
  const own = letters.filter((letter) => !isAnswer(letter));
  const counted = own.some(({ diff }) => diff !== '') ? own : letters;
  const groups = new Map<string, Group>();
  const order: (Letter | Group)[] = [];
  for (const letter of counted) {
    const place = letter.subject === null ? null : numberingOf(letter.subject);
    if (place === null) {
      if (letter.diff !== '') order.push(letter);
      continue;
    }
    // Parts may come as a file each; a file with several mails is a series of its own.
    const alone = counted.filter(({ file }) => file === letter.file).length === 1;
    const key = `${alone ? '' : letter.file}\n${place.version}\n${place.of}`;
    const name = `[PATCH v${place.version} ./${place.of}]`;
    const group = groups.get(key) ?? { name, of: place.of, parts: [] };
    if (!groups.has(key)) order.push(group);
    groups.set(key, group);
    group.parts.push({ number: place.number, letter });
  }
  if (order.length === 0) {
    throw noPatch(letters[0]?.file ?? '', 'it is a mail without a diff');
  }
  return order.flatMap((one) => ('parts' in one ? partsOf(one) : [one]));
}

function partsOf({ name, of, parts }: Group): Letter[] {
  const files = [...new Set(parts.map(({ letter }) => letter.file))].join(', ');
  const wanted = Array.from({ length: of }, (_, index) => index + 1);
  const missing = wanted.filter(
    (number) => !parts.some((part) => part.number === number && part.letter.diff !== ''),
  );
  if (missing.length > 0) {
    throw new DmraceError('usage', {
      observed: `--patch ${files}: the series ${name} has a hole: ${missing.map((n) => `${n}/${of}`).join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there, or without a diff`,
      action: 'give all its parts (b4 am fetches them), or one plain diff of what is wanted',
    });
  }
  const twice = wanted.filter(
    (number) => parts.filter((part) => part.number === number).length > 1,
  );
  if (twice.length > 0) {
    throw new DmraceError('usage', {
      observed: `--patch ${files}: the series ${name} has ${twice.map((n) => `${n}/${of}`).join(', ')} twice`,
      action: 'give each part once',
    });
  }
  return parts
    .filter(({ letter }) => letter.diff !== '')
    .toSorted((a, b) => a.number - b.number)
    .map(({ letter }) => letter);
}

/** A file of --patch that is none. */
export const noPatch = (file: string, why: string): DmraceError =>
  new DmraceError('usage', {
    observed: `--patch ${file} is no patch: ${why}`,
    artefact: file,
    action:
      'give a mail, an mbox, a series as b4 writes it, or a diff whose paths begin with a/ and b/',
  });
