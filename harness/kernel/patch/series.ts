// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError, headlineOf } from '../../model/errors.js';
import { type Letter, noPatch, orderedLetters, type Series } from '../../model/patch.js';
import { exists } from '../../util/io.js';
import { scratch } from '../../util/scratch.js';
import type { Work } from '../../util/work.js';
import { git } from './git.js';

type Signal = Pick<Work, 'signal'>;

/** A line that only a diff has, at the start of a line: an answer quotes it behind `> `. */
const OF_A_DIFF = /^(diff --git a\/|diff -\S+ |--- \S|@@ -\d+)/m;

/** Headers of a mail, or the line before one in an mbox (git-mailsplit(1)). */
const MAIL =
  /^(From \S+ .*\d{4}\s*$|(?:From|Subject|Date|Message-ID|Received|Return-Path|Delivered-To|To|MIME-Version): )/im;

/**
 * Reads the files of --patch: a mail, an mbox, a series as b4 writes it (mbox, maildir, or a folder
 * with `series` as quilt has it), a plain diff.
 * @throws DmraceError (usage) for a file that is empty or no patch, and for a series with a hole;
 *   (environment) without git; AbortError after an interrupt.
 */
export async function readSeries(files: readonly string[], work: Signal): Promise<Series> {
  using place = scratch();
  const letters: Letter[] = [];
  for (const file of files) letters.push(...(await lettersIn(file, place.folder, work)));
  if (letters.length === 0) return [];
  const series = [];
  for (const letter of orderedLetters(letters)) {
    const { file, subject, diff } = letter;
    const sha256 = createHash('sha256').update(diff).digest('hex');
    series.push({ file, subject, diff, sha256, files: await filesOf(letter, place.folder, work) });
  }
  return series;
}

async function lettersIn(file: string, place: string, work: Signal): Promise<Letter[]> {
  const found = await stat(file).catch((error: unknown) => {
    throw new DmraceError('usage', {
      observed: `--patch ${file} cannot be read (${headlineOf(error)})`,
      artefact: file,
      action: 'name a file',
    });
  });
  if (found.isDirectory()) return inFolder(file, place, work);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw noPatch(file, `it cannot be read (${headlineOf(error)})`);
  });
  const text = bytes.toString('utf8');
  if (text.trim() === '') throw noPatch(file, 'it is empty');
  if (MAIL.test(text.slice(0, Math.max(text.indexOf('\n'), 0)))) {
    return mails(file, place, work);
  }
  // As a mail program or a browser may have saved it.
  const crlf = !/[^\r]\n/.test(text);
  const diff = crlf ? text.replaceAll('\r\n', '\n') : text;
  if (!OF_A_DIFF.test(diff)) throw noPatch(file, 'it has no diff');
  return [{ file, subject: null, diff }];
}

/** b4 am -Q writes a folder with `series`, b4 am -M a maildir. */
async function inFolder(folder: string, place: string, work: Signal): Promise<Letter[]> {
  const list = await readFile(path.join(folder, 'series'), 'utf8').catch(() => null);
  if (list !== null) {
    const names = list
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim().split(/\s/)[0] ?? '')
      .filter((name) => name !== '');
    if (names.length === 0) throw noPatch(folder, 'its file `series` names nothing');
    const letters: Letter[] = [];
    for (const name of names) {
      letters.push(...(await lettersIn(path.join(folder, name), place, work)));
    }
    return letters;
  }
  if (await exists(path.join(folder, 'cur'))) return mails(folder, place, work);
  throw noPatch(folder, 'it is a folder that has neither `series` nor a maildir’s `cur`');
}

/** Splits and decodes mails as git am does: MIME, character sets, `>From`, line ends. */
async function mails(file: string, place: string, work: Signal): Promise<Letter[]> {
  const into = path.join(place, `mails-${(await readdir(place)).length}`);
  await mkdir(into);
  const split = ['mailsplit', '-b', '--mboxrd', `-o${into}`, '--', path.resolve(file)];
  const { ok, stderr } = await git(into, split, '', work.signal);
  if (!ok) throw noPatch(file, stderr.trim());
  const letters: Letter[] = [];
  for (const name of (await readdir(into)).sort()) {
    const at = path.join(into, name);
    // -k: the tags before the subject are wanted.
    const info = await git(
      into,
      ['mailinfo', '-k', '--encoding=UTF-8', `${at}.text`, `${at}.diff`],
      await readFile(at),
      work.signal,
    );
    if (!info.ok) throw noPatch(file, `mail ${letters.length + 1}: ${info.stderr.trim()}`);
    const body = await readFile(`${at}.diff`, 'utf8');
    const subject = /^Subject: (.*)$/m.exec(info.stdout)?.[1]?.trim() ?? '';
    letters.push({ file, subject, diff: OF_A_DIFF.test(body) ? body : '' });
  }
  return letters;
}

/** Whose files a diff changes; git is asked, which reads it without looking at any tree. */
async function filesOf({ file, subject, diff }: Letter, place: string, work: Signal) {
  const { ok, stdout, stderr } = await git(
    place,
    ['apply', '--numstat', '-z', '-'],
    diff,
    work.signal,
  );
  const which = subject === null ? '' : `"${subject}": `;
  if (!ok) throw noPatch(file, `${which}git apply says: ${stderr.trim()}`);
  const named = stdout
    .split('\0')
    .map((line) => line.split('\t').slice(2).join('\t'))
    .filter((name) => name !== '');
  const old = [...diff.matchAll(/^(?:rename|copy) from (.+)$/gm)].map(([, name = '']) => name);
  const all = [...new Set([...named, ...old])];
  // git refuses to apply such a one; it is not even to be looked at.
  const outside = all.find((name) => path.isAbsolute(name) || name.split('/').includes('..'));
  if (outside !== undefined) throw noPatch(file, `${which}it names ${outside}, outside of a tree`);
  return all;
}
