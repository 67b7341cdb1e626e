// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type Letter, numberingOf, orderedLetters } from '../../../harness/model/patch.js';

const letter = (subject: string | null, diff = 'diff', file = 'a.mbx'): Letter => ({
  file,
  subject,
  diff,
});

describe('numberingOf()', () => {
  it.each([
    ['[PATCH 1/3] dm: x', { version: 1, number: 1, of: 3 }],
    ['[PATCH v12 02/10] dm: x', { version: 12, number: 2, of: 10 }],
    ['[dm-devel] [PATCH RFC v2 0/2] dm: x', { version: 2, number: 0, of: 2 }],
    ['[RFC 1/1] dm', { version: 1, number: 1, of: 1 }],
    ['Re: [PATCH 1/3] dm: x', { version: 1, number: 1, of: 3 }],
  ])('%s', (subject, expected) => expect(numberingOf(subject)).toEqual(expected));

  it.each(['[PATCH] dm: 1/2 of it', 'dm: a fix [1/2]', '[bug 1/2] dm', ''])(
    '%s is none',
    (subject) => expect(numberingOf(subject)).toBeNull(),
  );
});

describe('orderedLetters()', () => {
  const subjects = (letters: readonly Letter[]) => orderedLetters(letters).map((l) => l.subject);

  it('puts a series into its order, without cover letter and answers', () => {
    const mbox = [
      letter('[PATCH 2/2] b'),
      letter('Re: [PATCH 1/2] a'),
      letter('[PATCH 0/2] cover', ''),
      letter('[PATCH 1/2] a'),
    ];
    expect(subjects(mbox)).toEqual(['[PATCH 1/2] a', '[PATCH 2/2] b']);
  });

  it('leaves what has no number where it was given', () => {
    expect(subjects([letter('[PATCH] z'), letter(null, 'diff', 'b.diff')])).toEqual([
      '[PATCH] z',
      null,
    ]);
  });

  it('takes the parts of a series from a file each', () => {
    const files = [letter('[PATCH 2/2] b', 'diff', '2'), letter('[PATCH 1/2] a', 'diff', '1')];
    expect(subjects(files)).toEqual(['[PATCH 1/2] a', '[PATCH 2/2] b']);
  });

  it('two series in a file each do not mix', () => {
    const series = (file: string) => [1, 2].map((n) => letter(`[PATCH ${n}/2] ${file}`, 'd', file));
    expect(subjects([...series('x'), ...series('y')])).toEqual([
      '[PATCH 1/2] x',
      '[PATCH 2/2] x',
      '[PATCH 1/2] y',
      '[PATCH 2/2] y',
    ]);
  });

  it('an answer alone is taken when it has a diff', () => {
    expect(subjects([letter('Re: how about this')])).toEqual(['Re: how about this']);
  });

  it.each([
    [
      'a part that is missing',
      [letter('[PATCH 1/3] a'), letter('[PATCH 3/3] c')],
      '2/3 is not there',
    ],
    ['a part without a diff', [letter('[PATCH 1/2] a'), letter('[PATCH 2/2] b', '')], '2/2 is not'],
    ['several that are missing', [letter('[PATCH 2/3] b')], '1/3, 3/3 are not there'],
    ['a part twice', [letter('[PATCH 1/1] a'), letter('[PATCH 1/1] a')], '1/1 twice'],
    ['no diff at all', [letter('[PATCH 0/2] cover', '')], 'are not there'],
    ['a mail without a diff', [letter('hello', '')], 'is no patch'],
  ])('%s is wrong usage', (_, letters, said) => {
    expect(() => orderedLetters(letters)).toThrowError(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(said) }),
    );
  });

  it('versions do not fill each other’s holes', () => {
    const both = [letter('[PATCH 1/2] a'), letter('[PATCH v2 2/2] b')];
    expect(() => orderedLetters(both)).toThrowError(/v1 .\/2\] has a hole: 2\/2/);
  });
});
