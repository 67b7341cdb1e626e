// SPDX-License-Identifier: MIT
import { Buffer } from 'node:buffer';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSeries } from '../../../../harness/kernel/patch/series.js';
import { diffOf, folderOf, mailOf, NEVER } from './support.js';

const read = (...files: string[]) => readSeries(files, NEVER);
const B4 = path.join(import.meta.dirname, '../../../fixtures/b4');
const MAILS = ['0001_dm_call_first_early.eml', '0002_dm_grüße_second.eml'];
const usage = (said: string | RegExp) =>
  expect.objectContaining({
    code: 'usage',
    message: expect.stringMatching(said),
  });

/** A mail whose body is encoded as mail programs do. */
const encoded = (how: 'base64' | 'quoted-printable', body: string): string => {
  const text =
    how === 'base64'
      ? (
          Buffer.from(body)
            .toString('base64')
            .match(/.{1,76}/g) ?? []
        ).join('\n')
      : body.replaceAll('=', '=3D').replaceAll('\t', '=09');
  return `From: =?utf-8?q?J=C3=B6rg?= <j@example.org>
Subject: =?utf-8?q?=5BPATCH_1/1=5D_dm=3A_gr=C3=BC=C3=9Fe?=
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: ${how}

${text}
`;
};

describe('readSeries()', () => {
  it('a plain diff has no subject', async () => {
    using folder = folderOf({ 'x.diff': diffOf([2]) });
    const [patch, ...more] = await read(folder.at('x.diff'));
    expect(more).toEqual([]);
    expect(patch).toMatchObject({ subject: null, files: ['drivers/md/dm.c'] });
    expect(patch?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('an mbox is a series, in the order of its numbers', async () => {
    const mails = [mailOf('[PATCH 2/2] b', diffOf([9])), mailOf('[PATCH 1/2] a', diffOf([2]))];
    using folder = folderOf({ 'x.mbx': mails.join('') });
    expect((await read(folder.at('x.mbx'))).map(({ subject }) => subject)).toEqual([
      '[PATCH 1/2] a',
      '[PATCH 2/2] b',
    ]);
  });

  it.each(['base64', 'quoted-printable'] as const)(
    'decodes %s and names in a mail',
    async (how) => {
      using folder = folderOf({ 'x.eml': encoded(how, `Warum.\n---\n${diffOf([2])}`) });
      const [patch] = await read(folder.at('x.eml'));
      expect(patch?.subject).toBe('[PATCH 1/1] dm: grüße');
      expect(patch?.diff).toContain('+changed 2\n');
    },
  );

  it('what begins with From in a body is unquoted, as b4 writes it (mboxrd)', async () => {
    const diff = diffOf([2, 'From here']);
    const mail = mailOf('[PATCH] x', diff.replace('Why.', 'Why.\n>From there'));
    using folder = folderOf({ 'x.mbx': mail });
    const [patch] = await read(folder.at('x.mbx'));
    expect(patch?.diff).toContain('-From here');
  });

  it('b4’s folder with `series`, and a maildir', async () => {
    using folder = folderOf({
      'q/series': '# as quilt has it\n0002.patch\n0001.patch -p1\n',
      'q/0001.patch': mailOf('[PATCH 1/2] a', diffOf([2])),
      'q/0002.patch': mailOf('[PATCH 2/2] b', diffOf([9])),
      'm/cur/1': mailOf('[PATCH 1/1] a', diffOf([2])).replace(/^From .*\n/, ''),
      'm/new/.keep': '',
      'm/tmp/.keep': '',
    });
    expect(await read(folder.at('q'))).toHaveLength(2);
    expect(await read(folder.at('m'))).toHaveLength(1);
  });

  it('what b4 itself wrote: an mbox, a folder with `series`, a maildir', async () => {
    using folder = folderOf({ 'm/cur/.keep': '', 'm/tmp/.keep': '' });
    cpSync(path.join(B4, 'v3_20261120.maildir'), folder.at('m'), { recursive: true });
    const forms = ['v3_20261120.mbx', 'v3_20261120.patches'].map((name) => path.join(B4, name));
    for (const file of [...forms, folder.at('m')]) {
      const series = await read(file);
      expect(series.map(({ subject }) => subject?.replace(/^\[.*\] /, ''))).toEqual([
        'dm: call first() early',
        'dm: grüße second()',
      ]);
      expect(series.map(({ diff }) => /^\+\t(.*);$/m.exec(diff)?.[1])).toEqual([
        'first(4)',
        'second(12)',
      ]);
    }
    // Its mails in a file each, as somebody might name them.
    const mails = [2, 1].map((n) => path.join(folder.at('m/new'), MAILS[n - 1] ?? ''));
    expect((await read(...mails)).map(({ diff }) => diff.includes('first(4)'))).toEqual([
      true,
      false,
    ]);
  });

  it('line ends of a diff that was saved elsewhere', async () => {
    using folder = folderOf({ 'x.diff': diffOf([2]).replaceAll('\n', '\r\n') });
    const [patch] = await read(folder.at('x.diff'));
    expect(patch?.diff).not.toContain('\r');
  });

  it('knows the old name of a file that is renamed', async () => {
    const diff =
      'diff --git a/drivers/md/dm.c b/drivers/md/dm-new.c\nsimilarity index 100%\nrename from drivers/md/dm.c\nrename to drivers/md/dm-new.c\n';
    using folder = folderOf({ 'x.diff': diff });
    const [patch] = await read(folder.at('x.diff'));
    expect(patch?.files.toSorted()).toEqual(['drivers/md/dm-new.c', 'drivers/md/dm.c']);
  });

  it.each([
    ['an empty file', { x: '' }, /x is no patch: it is empty/],
    ['blanks', { x: '\n \n' }, /it is empty/],
    ['prose', { x: 'hello\n' }, /it has no diff/],
    ['a binary', { x: '\u0000\u0001\u0002' }, /it has no diff/],
    ['a mail without a diff', { x: mailOf('[PATCH] x', '') }, /a mail without a diff/],
    ['a diff that was cut off', { x: diffOf([2]).slice(0, -20) }, /corrupt patch/],
    ['a hole', { x: mailOf('[PATCH 1/2] a', diffOf([2])) }, /hole: 2\/2 is not there/],
    ['a folder of something else', { 'x/readme': '' }, /neither `series` nor a maildir/],
    ['an empty series', { 'x/series': '# nothing\n' }, /names nothing/],
    [
      'a path outside',
      { x: diffOf([2]).replaceAll('drivers/md', '../../etc') },
      /outside of a tree/,
    ],
  ])('%s is wrong usage', async (_, files, said) => {
    using folder = folderOf(files);
    await expect(read(folder.at('x'))).rejects.toEqual(usage(said));
  });

  it('a file that is not there', async () => {
    await expect(read('/nonexistent/x')).rejects.toEqual(usage(/cannot be read/));
  });

  it('no file is no patch', async () => expect(await read()).toEqual([]));
});
