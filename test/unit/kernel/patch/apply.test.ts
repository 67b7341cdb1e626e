// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applySeries, overlayKey } from '../../../../harness/kernel/patch/apply.js';
import { readSeries } from '../../../../harness/kernel/patch/series.js';
import { baseAt, diffOf, folderOf, mailOf, NEVER, TEXT } from './support.js';

/** Applies diffs, one a file, to a tree with drivers/md/dm.c. */
async function applied(...diffs: readonly string[]) {
  const names = diffs.map((_, index) => `${index}.diff`);
  using folder = folderOf({
    'drivers/md/dm.c': TEXT,
    ...Object.fromEntries(diffs.map((diff, index) => [names[index], diff])),
  });
  const series = await readSeries(names.map(folder.at), NEVER);
  const overlay = await applySeries(series, baseAt(folder.root), NEVER);
  expect(readFileSync(folder.at('drivers/md/dm.c'), 'utf8')).toBe(TEXT);
  return overlay;
}

describe('applySeries()', () => {
  it('changes copies, one patch on top of the other', async () => {
    const overlay = await applied(diffOf([2]), diffOf([9], [15]));
    const text = overlay.get('drivers/md/dm.c')?.content.toString() ?? '';
    expect(text.match(/^changed \d+$/gm)).toEqual(['changed 2', 'changed 9', 'changed 15']);
  });

  it('new and removed files', async () => {
    const made =
      'diff --git a/drivers/md/n.h b/drivers/md/n.h\nnew file mode 100755\n--- /dev/null\n+++ b/drivers/md/n.h\n@@ -0,0 +1 @@\n+new\n';
    const gone = `diff --git a/drivers/md/dm.c b/drivers/md/dm.c\ndeleted file mode 100644\n--- a/drivers/md/dm.c\n+++ /dev/null\n@@ -1,20 +0,0 @@\n${TEXT.replaceAll(/^/gm, '-').slice(0, -1)}`;
    const overlay = await applied(made, gone);
    expect(overlay.get('drivers/md/dm.c')).toBeNull();
    expect(overlay.get('drivers/md/n.h')).toMatchObject({ executable: true });
  });

  it('names the hunk that does not fit', async () => {
    await expect(applied(diffOf([2], [9, 'nothing like it'], [15]))).rejects.toEqual(
      expect.objectContaining({
        code: 'inconclusive',
        message: expect.stringMatching(
          /0\.diff does not apply to src:tree \(6\.12\): hunk 2 of drivers\/md\/dm\.c \(@@ -8,3 \+8,3 @@ void f\(void\)\)/,
        ),
      }),
    );
  });

  it('names the patch of a series, and every hunk', async () => {
    const mails =
      mailOf('[PATCH 1/2] a', diffOf([2])) + mailOf('[PATCH 2/2] b', diffOf([2], [9, 'no']));
    await expect(applied(mails)).rejects.toThrowError(
      /"\[PATCH 2\/2\] b" \(.*\), patch 2 of 2, does not apply .*hunk 1 of .*; hunk 2 of /,
    );
  });

  it('names a file that is not there', async () => {
    await expect(applied(diffOf([2]).replaceAll('dm.c', 'no.c'))).rejects.toThrowError(
      /drivers\/md\/no\.c: No such file or directory/,
    );
  });

  it('has no fuzz', async () => {
    const diff = diffOf([9]).replace(' line 8', ' line eight');
    await expect(applied(diff)).rejects.toThrowError(/hunk 1 of/);
  });

  it('one that undoes the other leaves nothing', async () => {
    const undo = diffOf([2])
      .replace('-line 2', '-x')
      .replace('+changed 2', '+line 2')
      .replace('-x', '-changed 2');
    expect((await applied(diffOf([2]), undo)).size).toBe(0);
  });
});

describe('overlayKey()', () => {
  const file = (text: string, executable = false) => ({ content: Buffer.from(text), executable });

  it('is of content, not of order', () => {
    const [a, b] = [['a', file('1')] as const, ['b', null] as const];
    expect(overlayKey(new Map([a, b]))).toBe(overlayKey(new Map([b, a])));
  });

  it.each([
    ['another text', new Map([['a', file('2')]])],
    ['another name', new Map([['b', file('1')]])],
    ['removed', new Map([['a', null]])],
    ['executable', new Map([['a', file('1', true)]])],
    ['nothing', new Map()],
  ])('%s is another key', (_, other) => {
    expect(overlayKey(other)).not.toBe(overlayKey(new Map([['a', file('1')]])));
  });
});
