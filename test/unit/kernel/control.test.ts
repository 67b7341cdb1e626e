// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  applyChange,
  applyControlChange,
  type ChangeFile,
  readChangeFile,
} from '../../../harness/kernel/control.js';
import { DmraceError } from '../../../harness/model/errors.js';
import { DM_MOD_BUILD } from '../../../harness/suspects/dm_mod/build.js';
import { assets } from '../../../harness/util/assets.js';

describe('applyChange', () => {
  const TEXT = 'one\ntwo\nthree\n';
  const put = (text: string, find: readonly string[] | null, replace: readonly string[]): string =>
    applyChange(text, { find, replace }, { where: 'Makefile of 6.1', from: 'control.json' });

  it.each([
    [['two'], ['2'], 'one\n2\nthree\n'],
    [['two'], [], 'one\nthree\n'],
    [['two'], ['2', '2b'], 'one\n2\n2b\nthree\n'],
    [['one', 'two'], ['12'], '12\nthree\n'],
    [['two', 'three'], ['23'], 'one\n23\n'],
    [null, ['four'], 'one\ntwo\nthree\nfour\n'],
  ])('finds %j and puts %j', (find, replace, wanted) => {
    expect(put(TEXT, find, replace)).toBe(wanted);
  });

  it('appends to a text without a last newline, and to an empty one', () => {
    expect(put('one', null, ['two'])).toBe('one\ntwo\n');
    expect(put('', null, ['two'])).toBe('two\n');
  });

  it.each([
    ['none', ['four'], 0],
    ['another case', ['Two'], 0],
    ['a part of a line', ['tw'], 0],
    ['other blanks', ['two '], 0],
    ['lines that do not follow one another', ['one', 'three'], 0],
    ['lines that go on after the end', ['three', '', ''], 0],
  ])('refuses %s', (_, find, times) => {
    expect(() => put(TEXT, find, ['x'])).toThrow(
      expect.objectContaining({
        code: 'inconclusive',
        facts: expect.objectContaining({
          observed: expect.stringContaining(
            `Makefile of 6.1: ${JSON.stringify(find.join('\n'))} occurs ${times} times`,
          ),
          limit: 'exactly once',
          action: 'add this version’s form of the change to kernel-config/control.json',
        }),
      }),
    );
  });

  it('refuses what occurs twice, and what is empty', () => {
    expect(() => put('a\nb\na\n', ['a'], [])).toThrow(/occurs 2 times/);
    expect(() => put('a\nb\n', [], ['c'])).toThrow(/occurs 3 times/);
  });

  it('names the lines: those that fit too often, or the one that is most like the wanted', () => {
    expect(() => put('a\nb\na\n', ['a'], [])).toThrow(/occurs 2 times \(lines 1, 3\)/);
    const text = 'int x;\nEXPORT_SYMBOL_GPL(dm_kobject_release);\nMODULE(dm);\n';
    expect(() => put(text, ['EXPORT_SYMBOL(dm_kobject_release);'], [])).toThrow(
      'occurs 0 times (most like it: line 2: "EXPORT_SYMBOL_GPL(dm_kobject_release);")',
    );
    expect(() => put(text, ['nothing like it'], [])).toThrow(
      /occurs 0 times \(limit: exactly once\)$/m,
    );
  });

  it('takes $ as it stands', () => {
    expect(put('a\n$(b)\n', ['$(b)'], ['$&$1'])).toBe('a\n$&$1\n');
  });
});

/** Real drivers/md files; see test/fixtures/control/README.md. */
const FIXTURES = assets('test/fixtures/control');
const VERSIONS = readdirSync(FIXTURES).filter((name) => name !== 'README.md');
const original = (version: string, name: string): string =>
  readFileSync(path.join(FIXTURES, version, name), 'utf8');

/** Lines of `to` that `from` has not, and the other way round. */
const difference = (from: string, to: string): { gone: string[]; come: string[] } => {
  const [before, after] = [from.split('\n'), to.split('\n')];
  return {
    gone: before.filter((line) => !after.includes(line)),
    come: after.filter((line) => !before.includes(line)),
  };
};

describe('the control', () => {
  let change: ChangeFile;
  let md: string;
  const read = (name: string): string => readFileSync(path.join(md, name), 'utf8');
  const take = (version: string): void => {
    for (const name of ['Makefile', 'dm-builtin.c']) {
      writeFileSync(path.join(md, name), original(version, name));
    }
  };

  beforeEach(async () => {
    change = await readChangeFile(DM_MOD_BUILD.change);
    md = mkdtempSync(path.join(tmpdir(), 'dmrace-control-test-'));
    take('6.12.118');
  });
  afterEach(() => {
    rmSync(md, { recursive: true });
  });

  it('is checked on old, stable and newest sources', () => {
    expect(VERSIONS).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^5\.10\./),
        expect.stringMatching(/^6\.1\./),
        expect.stringMatching(/^6\.12\./),
        expect.stringMatching(/^7\./),
      ]),
    );
  });

  describe.each(VERSIONS)('on the sources of %s', (version) => {
    beforeEach(() => take(version));

    it('changes these lines and no others', async () => {
      await applyControlChange(md, version, change);
      expect(difference(original(version, 'Makefile'), read('Makefile'))).toEqual({
        gone: ['obj-$(CONFIG_BLK_DEV_DM_BUILTIN) += dm-builtin.o'],
        come: ['dm-mod-y += dm-builtin.o', 'CFLAGS_dm-builtin.o += -fno-optimize-sibling-calls'],
      });
      expect(difference(original(version, 'dm-builtin.c'), read('dm-builtin.c'))).toEqual({
        gone: ['EXPORT_SYMBOL(dm_kobject_release);'],
        come: [],
      });
      expect(read('dm-builtin.c')).toMatch(
        /\nvoid dm_kobject_release\(struct kobject \*kobj\)\n\{\n/,
      );
    });

    it.each([
      [
        'Makefile',
        'obj-$(CONFIG_BLK_DEV_DM_BUILTIN) += dm-builtin.o',
        'obj-$(CONFIG_BLK_DEV_DM_BUILTIN)\t+= dm-builtin.o',
      ],
      [
        'dm-builtin.c',
        'EXPORT_SYMBOL(dm_kobject_release);',
        'EXPORT_SYMBOL_GPL(dm_kobject_release);',
      ],
    ])('is refused when %s differs, without fuzz, and says where', async (name, wanted, other) => {
      const text = read(name);
      const number = text.split('\n').indexOf(wanted) + 1;
      expect(number).toBeGreaterThan(0);
      writeFileSync(
        path.join(md, name),
        text.replace(wanted, () => other),
      );
      await expect(applyControlChange(md, version, change)).rejects.toThrow(
        `${name} of ${version}: ${JSON.stringify(wanted)} occurs 0 times (most like it: line ${number}: ${JSON.stringify(other)})`,
      );
    });

    it('is refused when the line is gone or there twice', async () => {
      const wanted = 'EXPORT_SYMBOL(dm_kobject_release);';
      const text = read('dm-builtin.c');
      writeFileSync(path.join(md, 'dm-builtin.c'), text.replace(wanted, ''));
      await expect(applyControlChange(md, version, change)).rejects.toThrow(/occurs 0 times/);
      take(version);
      writeFileSync(path.join(md, 'dm-builtin.c'), `${text}${wanted}\n`);
      await expect(applyControlChange(md, version, change)).rejects.toThrow(
        /occurs 2 times \(lines \d+, \d+\)/,
      );
    });
  });

  it('cannot be applied twice', async () => {
    await applyControlChange(md, '6.12', change);
    await expect(applyControlChange(md, '6.12', change)).rejects.toThrow(DmraceError);
  });

  it.each([
    ['3.13', 'a'],
    ['4.0', 'b'],
    ['4.9.1', 'b'],
    ['4.19', 'b'],
    ['4.20', 'b'],
    ['5.0', 'c'],
  ])('takes the form that is for %s', async (version, wanted) => {
    const form = (from: string, to: string | null, put: string): object => ({
      why: 'a test',
      versions: { from, to },
      file: 'x',
      find: null,
      replace: [put],
    });
    writeFileSync(path.join(md, 'x'), '');
    const changes = [form('3.0', '3.19', 'a'), form('4.0', '4.20', 'b'), form('5.0', null, 'c')];
    await applyControlChange(md, version, {
      name: 'x.json',
      text: JSON.stringify({ changes }),
    });
    expect(read('x')).toBe(`${wanted}\n`);
  });

  it('says why of every change', () => {
    const { changes } = JSON.parse(change.text) as { changes: { why: string }[] };
    for (const { why } of changes) expect(why).not.toBe('');
  });
});
