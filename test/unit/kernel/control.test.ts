// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyChange, moveReleaseIntoModule } from '../../../harness/kernel/control.js';
import { DmraceError } from '../../../harness/model/errors.js';
import { assets } from '../../../harness/util/assets.js';

describe('applyChange', () => {
  const TEXT = 'one\ntwo\nthree\n';

  it.each([
    [['two'], ['2'], 'one\n2\nthree\n'],
    [['two'], [], 'one\nthree\n'],
    [['two'], ['2', '2b'], 'one\n2\n2b\nthree\n'],
    [['one', 'two'], ['12'], '12\nthree\n'],
    [['two', 'three'], ['23'], 'one\n23\n'],
    [null, ['four'], 'one\ntwo\nthree\nfour\n'],
  ])('finds %j and puts %j', (find, replace, wanted) => {
    expect(applyChange(TEXT, find, replace, 'x')).toBe(wanted);
  });

  it('appends to a text without a last newline, and to an empty one', () => {
    expect(applyChange('one', null, ['two'], 'x')).toBe('one\ntwo\n');
    expect(applyChange('', null, ['two'], 'x')).toBe('two\n');
  });

  it.each([
    ['none', ['four'], 0],
    ['another case', ['Two'], 0],
    ['a part of a line', ['tw'], 0],
    ['other blanks', ['two '], 0],
    ['lines that do not follow one another', ['one', 'three'], 0],
    ['lines that go on after the end', ['three', '', ''], 0],
  ])('refuses %s', (_, find, times) => {
    expect(() => applyChange(TEXT, find, ['x'], 'Makefile of 6.1')).toThrow(
      expect.objectContaining({
        code: 'inconclusive',
        facts: expect.objectContaining({
          observed: expect.stringContaining(
            `Makefile of 6.1: ${JSON.stringify(find.join('\n'))} occurs ${times} times`,
          ),
          limit: 'exactly once',
        }),
      }),
    );
  });

  it('refuses what occurs twice, and what is empty', () => {
    expect(() => applyChange('a\nb\na\n', ['a'], [], 'x')).toThrow(/occurs 2 times/);
    expect(() => applyChange('a\nb\n', [], ['c'], 'x')).toThrow(/occurs 3 times/);
  });

  it('names the lines: those that fit too often, or the one that is most like the wanted', () => {
    expect(() => applyChange('a\nb\na\n', ['a'], [], 'x')).toThrow(/occurs 2 times \(lines 1, 3\)/);
    const text = 'int x;\nEXPORT_SYMBOL_GPL(dm_kobject_release);\nMODULE(dm);\n';
    expect(() => applyChange(text, ['EXPORT_SYMBOL(dm_kobject_release);'], [], 'x')).toThrow(
      'occurs 0 times (most like it: line 2: "EXPORT_SYMBOL_GPL(dm_kobject_release);")',
    );
    expect(() => applyChange(text, ['nothing like it'], [], 'x')).toThrow(
      /occurs 0 times \(limit: exactly once\)$/m,
    );
  });

  it('takes $ as it stands', () => {
    expect(applyChange('a\n$(b)\n', ['$(b)'], ['$&$1'], 'x')).toBe('a\n$&$1\n');
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
  const data = readFileSync(assets('kernel-config/control.json'), 'utf8');
  let md: string;
  const read = (name: string): string => readFileSync(path.join(md, name), 'utf8');
  const take = (version: string): void => {
    for (const name of ['Makefile', 'dm-builtin.c']) {
      writeFileSync(path.join(md, name), original(version, name));
    }
  };

  beforeEach(() => {
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
      await moveReleaseIntoModule(md, version, data);
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
      await expect(moveReleaseIntoModule(md, version, data)).rejects.toThrow(
        `${name} of ${version}: ${JSON.stringify(wanted)} occurs 0 times (most like it: line ${number}: ${JSON.stringify(other)})`,
      );
    });

    it('is refused when the line is gone or there twice', async () => {
      const wanted = 'EXPORT_SYMBOL(dm_kobject_release);';
      const text = read('dm-builtin.c');
      writeFileSync(path.join(md, 'dm-builtin.c'), text.replace(wanted, ''));
      await expect(moveReleaseIntoModule(md, version, data)).rejects.toThrow(/occurs 0 times/);
      take(version);
      writeFileSync(path.join(md, 'dm-builtin.c'), `${text}${wanted}\n`);
      await expect(moveReleaseIntoModule(md, version, data)).rejects.toThrow(
        /occurs 2 times \(lines \d+, \d+\)/,
      );
    });
  });

  it('cannot be applied twice', async () => {
    await moveReleaseIntoModule(md, '6.12', data);
    await expect(moveReleaseIntoModule(md, '6.12', data)).rejects.toThrow(DmraceError);
  });

  it.each([
    ['3.13', 'a'],
    ['4.0', 'b'],
    ['4.9.1', 'b'],
    ['4.19', 'b'],
    ['4.20', 'b'],
    ['5.0', 'c'],
  ])('takes the form that is for %s', async (version, wanted) => {
    const change = (from: string, to: string | null, put: string): object => ({
      why: 'a test',
      versions: { from, to },
      file: 'x',
      find: null,
      replace: [put],
    });
    writeFileSync(path.join(md, 'x'), '');
    const changes = [
      change('3.0', '3.19', 'a'),
      change('4.0', '4.20', 'b'),
      change('5.0', null, 'c'),
    ];
    await moveReleaseIntoModule(md, version, JSON.stringify({ changes }));
    expect(read('x')).toBe(`${wanted}\n`);
  });

  it('says why of every change', () => {
    const { changes } = JSON.parse(data) as { changes: { why: string }[] };
    for (const change of changes) expect(change.why).not.toBe('');
  });
});
