// SPDX-License-Identifier: MIT
import { expect, test } from 'vitest';
import { type ModuleText, scanConsole } from '../../../../harness/console/index.js';
import { withCause } from '../../../../harness/judge/cause.js';
import { CAUSES, type Finding } from '../../../../harness/model/finding.js';

import { dmMod } from '../../../../harness/suspects/dm_mod/index.js';
import { SUSPECTS } from '../../../../harness/suspects/index.js';
import { diskRelease, readCases } from '../../console/support.js';

/** The crashes of a console, with their causes by the rules of dm_mod. */
const judged = (log: string, context?: { modules: readonly ModuleText[] }): Finding[] =>
  scanConsole(log, context).map((raw) => withCause(raw, [dmMod]));

const dm: ModuleText = {
  module: 'dm_mod',
  start: 'ffffffffa0000000',
  end: 'ffffffffa0020000',
  unloaded: true,
  symbols: [
    { name: 'dm_put', address: 'ffffffffa0001000' },
    { name: 'dm_kobject_release', address: 'ffffffffa000cf70' },
    { name: 'dm_next', address: 'ffffffffa000cfa0' },
  ],
};
const context = { modules: [dm] };
const race = readCases('race.log')[0]?.log ?? '';

test('the race: an instruction fetch in the unloaded dm_kobject_release', () => {
  const [finding] = judged(race, context);
  expect(finding).toMatchObject({
    cause: 'release-in-unloaded-text',
    resolved: 'dm_kobject_release+0x19 [unloaded dm_mod]',
    task: 'holder',
    pid: 66,
    instructionFetch: true,
  });
});

test('the same crash is of another cause when nothing was recorded, when dm_mod is there, or in another function', () => {
  expect(judged(race)[0]?.cause).toBe('other');
  expect(judged(race, { modules: [{ ...dm, unloaded: false }] })[0]?.cause).toBe('other');
  expect(judged(race.replaceAll('a000cf89', 'a000cfa4'), context)[0]?.cause).toBe('other');
});

test.each(['int3: 0000', 'Oops: int3: 0000', 'invalid opcode: 0000'])(
  'poisoned text: %s',
  (trap) => {
    const log = `[   20.0] x\n[   20.000000] ${trap} [#1] PREEMPT SMP\n[   20.000001] RIP: 0010:0xffffffffa000cf8a\n`;
    expect(judged(log, context)[0]).toMatchObject({ cause: 'release-in-unloaded-text' });
  },
);

test('poisoned text for real: the trap is one byte before the counter (Debian 7.2.13)', () => {
  // The method is 0x13 bytes long. The next symbol is put right behind it (it really was at f27): the
  // printed counter alone would name that one.
  const sid: ModuleText = {
    module: 'dm_mod',
    start: 'ffffffffc0400000',
    end: 'ffffffffc0417000',
    unloaded: true,
    symbols: [
      { name: 'dm_kobject_release', address: 'ffffffffc0415f10' },
      { name: 'dm_submit_bio.cold', address: 'ffffffffc0415f23' },
    ],
  };
  const log = readCases('race.log')[1]?.log ?? '';
  const found = judged(log, { modules: [sid] });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({
    kind: 'exception',
    title: 'int3 in dm_kobject_release',
    cause: 'release-in-unloaded-text',
    address: 'ffffffffc0415f23',
    resolved: 'dm_kobject_release+0x12 [unloaded dm_mod]',
    task: 'dmrace-guest',
    pid: 128,
  });
  // Lines that a loaded machine's serial port swallowed, up to the repeated RIP at the end.
  const torn = log
    .replace(/Hardware name(.|\n)*?(?=\[[ \d.]+\] RSP:)/, '')
    .replace(/^.*\? .*\n/gm, '');
  expect(judged(torn)[0]?.title).toBe('int3 in corrupted');
  expect(judged(torn, { modules: [sid] })[0]?.title).toBe('int3 in dm_kobject_release');
  const loaded = judged(log, { modules: [{ ...sid, unloaded: false }] });
  expect(loaded[0]).toMatchObject({ cause: 'other', title: 'int3 in helper_ioctl' });
});

test('arm64: the fetch is told by the exception class and by pc', () => {
  const log = [
    'Unable to handle kernel paging request at virtual address ffffffffa000cf88',
    'Internal error: Oops: 0000000086000007 [#1] PREEMPT SMP',
    'pc : 0xffffffffa000cf88',
    'lr : kobject_put+0x5c/0x100',
    'Call trace:',
    ' 0xffffffffa000cf88',
    ' holder_demo_ioctl+0x30/0x60 [dmhold]',
  ].join('\n');
  expect(judged(log, context)).toHaveLength(1);
  expect(judged(log, context)[0]).toMatchObject({
    cause: 'release-in-unloaded-text',
    resolved: 'dm_kobject_release+0x18 [unloaded dm_mod]',
  });
});

test('the second bug: disk_release reads the unloaded dm_mod', () => {
  expect(judged(diskRelease('ffffffffa0012340'), context)[0]?.cause).toBe('disk-release-fops');
  expect(judged(diskRelease('ffffffffa0012340'))[0]?.cause).toBe('disk-release-fops');
  expect(judged(diskRelease('ffff888001234567'), context)[0]?.cause).toBe('other');
});

test('the second bug with its stack: only where a reference was dropped', () => {
  const log = diskRelease('ffffffffa0012340');
  const other = log
    .replaceAll(/ (device_release|kobject_put)\+/g, ' blkdev_put+')
    .replace(' device_release', ' x');
  expect(judged(other, context)[0]?.cause).toBe('other');
});

test('the second bug by a general protection fault, which prints no address to look up', () => {
  const log = diskRelease('ffffffffa0012340')
    .replace(/^BUG.*\n#PF.*\n#PF.*\nOops/, 'general protection fault')
    .replace(/^CR2.*\n/m, '');
  expect(judged(log, context)).toMatchObject([{ kind: 'gpf', cause: 'disk-release-fops' }]);
});

test('some suspect has a rule for each cause but `other`, and each says what it is', () => {
  const rules = Object.values(SUSPECTS).flatMap(({ causes }) => causes);
  expect(rules.map(({ cause }) => cause)).toEqual(CAUSES.filter((one) => one !== 'other'));
  for (const { says } of rules) expect(says).not.toBe('');
});
