// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
          observed: `Makefile of 6.1: ${JSON.stringify(find.join('\n'))} occurs ${times} times`,
          limit: 'exactly once',
        }),
      }),
    );
  });

  it('refuses what occurs twice, and what is empty', () => {
    expect(() => applyChange('a\nb\na\n', ['a'], [], 'x')).toThrow(/occurs 2 times/);
    expect(() => applyChange('a\nb\n', [], ['c'], 'x')).toThrow(/occurs 3 times/);
  });

  it('takes $ as it stands', () => {
    expect(applyChange('a\n$(b)\n', ['$(b)'], ['$&$1'], 'x')).toBe('a\n$&$1\n');
  });
});

describe('the control', () => {
  // The lines of v6.12 that the change is about, with their neighbours.
  const MAKEFILE = `dm-mod-y\t+= dm.o dm-table.o dm-target.o dm-linear.o dm-stripe.o \\
		   dm-ioctl.o dm-io.o dm-kcopyd.o dm-sysfs.o dm-stats.o \\
		   dm-rq.o dm-io-rewind.o

obj-$(CONFIG_BLK_DEV_DM)\t+= dm-mod.o
obj-$(CONFIG_BLK_DEV_DM_BUILTIN) += dm-builtin.o
obj-$(CONFIG_DM_UNSTRIPED)\t+= dm-unstripe.o
`;
  const BUILTIN = `void dm_kobject_release(struct kobject *kobj)
{
	complete(dm_get_completion_from_kobject(kobj));
}
EXPORT_SYMBOL(dm_kobject_release);
`;
  const data = readFileSync(assets('kernel-config/control.json'), 'utf8');
  let md: string;
  const read = (name: string): string => readFileSync(path.join(md, name), 'utf8');

  beforeEach(() => {
    md = mkdtempSync(path.join(tmpdir(), 'dmrace-control-test-'));
    writeFileSync(path.join(md, 'Makefile'), MAKEFILE);
    writeFileSync(path.join(md, 'dm-builtin.c'), BUILTIN);
  });
  afterEach(() => {
    rmSync(md, { recursive: true });
  });

  it.each(['3.14', '6.1.192', '6.12', '7.3-rc7'])(
    'moves the method into the module of %s',
    async (version) => {
      await moveReleaseIntoModule(md, version, data);
      expect(read('Makefile')).not.toContain('BLK_DEV_DM_BUILTIN');
      expect(read('Makefile')).toMatch(
        /\ndm-mod-y \+= dm-builtin\.o\nCFLAGS_dm-builtin\.o \+= -fno-optimize-sibling-calls\n$/,
      );
      expect(read('Makefile')).toContain('obj-$(CONFIG_DM_UNSTRIPED)\t+= dm-unstripe.o\n');
      expect(read('dm-builtin.c')).toBe(
        BUILTIN.replace('EXPORT_SYMBOL(dm_kobject_release);\n', ''),
      );
    },
  );

  it('cannot be applied twice', async () => {
    await moveReleaseIntoModule(md, '6.12', data);
    await expect(moveReleaseIntoModule(md, '6.12', data)).rejects.toThrow(DmraceError);
  });

  it('is refused for other sources', async () => {
    writeFileSync(
      path.join(md, 'dm-builtin.c'),
      BUILTIN.replace('EXPORT_SYMBOL', 'EXPORT_SYMBOL_GPL'),
    );
    await expect(moveReleaseIntoModule(md, '6.12', data)).rejects.toThrow(
      /^dm-builtin\.c of 6\.12: "EXPORT_SYMBOL\(dm_kobject_release\);" occurs 0 times/,
    );
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
