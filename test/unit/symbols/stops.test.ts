// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../harness/evidence/layout.js';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { ARCH } from '../../../harness/model/arch/index.js';
import { CRASH_STEPS, DELAYED_STEPS, TEN_STEPS } from '../../../harness/suspects/dm_mod/steps.js';
import { gdbScript } from '../../../harness/symbols/gdb-script.js';
import {
  parseStopAt,
  type Stop,
  type StopRequest,
  stopsFor,
} from '../../../harness/symbols/stops.js';
import { capture, recordsOfTrial } from '../judge/support.js';

const control = judgeTrial(capture('in-module'));
const subject = judgeTrial(capture('builtin'));
const layout = layoutOf(recordsOfTrial(capture('in-module')), 'dm_mod');
/** The guest's names as its kallsyms would give them: the capture recorded dm_mod's. */
const symbols = [
  ...layout.symbols.map(({ name, address, module }) => ({ name, address, module, type: 't' })),
  ...[
    'wait_for_completion',
    'dm_kobject_release',
    '__schedule',
    'disk_release',
    'try_to_wake_up',
  ].map((name, index) => ({ name, address: 0xffffffff81000000n + BigInt(index * 64), type: 'T' })),
  ...['dmrace_got', 'dmrace_put'].map((name, index) => ({
    ...{ name, address: 0xffffffffc0500000n + BigInt(index * 64), type: 't' },
    module: 'dmrace_helper',
  })),
];
const DM_RELEASE = 0xffffffffc0233890n;

/** Where a trial of the ten steps is stopped. */
const stops = (
  where: StopRequest['where'],
  recorded: StopRequest['recorded'],
  home: string | undefined,
  more: Partial<StopRequest> = {},
): readonly Stop[] => stopsFor({ where, telling: TEN_STEPS, recorded, symbols, home, ...more });

describe('where --gdb stops', () => {
  it('is a step or the crash', () => {
    expect(parseStopAt('crash', TEN_STEPS)).toBe('crash');
    expect(parseStopAt('10', TEN_STEPS)).toBe(10);
    for (const bad of ['0', '11', '', 'Crash', '1.0', '-1']) {
      expect(() => parseStopAt(bad, TEN_STEPS), bad).toThrow(/neither a step nor crash/);
    }
  });

  it('is a step of that race', () => {
    expect(parseStopAt('8', DELAYED_STEPS)).toBe(8);
    expect(() => parseStopAt('3', DELAYED_STEPS)).toThrow(/give a step \(2, 8, 9, 10\), or crash/);
    expect(() => parseStopAt('3', CRASH_STEPS)).toThrow(/this scenario has no steps: give crash/);
    expect(parseStopAt('crash', CRASH_STEPS)).toBe('crash');
  });

  it('at step 10 of a delayed release is disk_release()', () => {
    const found = stops(10, subject, undefined, { telling: DELAYED_STEPS });
    expect(found).toEqual([{ at: 0xffffffff810000c0n, sameStack: false, what: 'disk_release()' }]);
  });

  it('at the crash of the control is its return address in the unloaded module', () => {
    expect(stops('crash', control, 'dm_mod')).toEqual([
      {
        at: DM_RELEASE + 0xen,
        sameStack: false,
        what: 'the crash, dm_kobject_release+0xe [unloaded dm_mod]',
      },
    ]);
  });

  it('at a crash that the console names is symbol and offset', () => {
    const [finding] = control.findings;
    if (!finding) throw new Error('the control crashed');
    const { address: _, resolved: __, ...named } = finding;
    const findings = [{ ...named, module: '', pc: 'disk_release+0xa4/0x100' }];
    const at = { findings: findings.map(({ module: _m, ...f }) => f), steps: [] };
    expect(stops('crash', at, undefined)[0]).toMatchObject({
      at: 0xffffffff810000c0n + 0xa4n,
      what: 'the crash, disk_release+0xa4',
    });
  });

  it('without a crash is refused, with what to do', () => {
    expect(() => stops('crash', subject, undefined)).toThrow(/did not crash/);
  });

  it('at step 6 is the method of the placement', () => {
    expect(stops(6, control, 'dm_mod')[0]?.at).toBe(DM_RELEASE);
    expect(stops(6, subject, undefined)[0]?.at).toBe(0xffffffff81000040n);
  });

  it('at step 10 is where complete() returns to, on the stack of step 6', () => {
    expect(stops(10, control, 'dm_mod')).toMatchObject([
      { at: DM_RELEASE, sameStack: false },
      { at: DM_RELEASE + 0xen, sameStack: true },
    ]);
    expect(() => stops(10, { ...control, steps: [] }, 'dm_mod')).toThrow(/step 6/);
  });

  it('at the crash and at step 10 is where the guest of today has what crashed', () => {
    const here = (address: bigint) => address - 0x1000n;
    expect(stops('crash', control, 'dm_mod', { here })[0]?.at).toBe(DM_RELEASE - 0xff2n);
    expect(stops(10, control, 'dm_mod', { here })[1]?.at).toBe(DM_RELEASE - 0xff2n);
  });

  it('at step 8 follows the wait to its return', () => {
    const found = stops(8, control, 'dm_mod');
    expect(found.map(({ at, sameStack }) => [typeof at, sameStack])).toEqual([
      ['bigint', false],
      ['bigint', true],
      ['string', true],
    ]);
  });

  it.each([1, 2, 3, 4, 5, 7, 9] as const)('at step %i is a symbol of the guest', (step) => {
    expect(stops(step, control, 'dm_mod').at(-1)?.what).not.toBe('');
    expect(() => stops(step, control, 'dm_mod', { symbols: [] })).toThrow(/has no symbol/);
  });
});

it('the commands for gdb name the module’s sections and the socket, blanks escaped', () => {
  const script = gdbScript({
    arch: ARCH.x86_64,
    kernel: '/cache dir/symbols.elf',
    object: '/c/dm-mod.ko',
    layout: {
      ...layout,
      sections: [
        { name: '.text', address: 0xffffffffc0231000n, module: 'dm_mod' },
        { name: '.rodata', address: 0xffffffffc0245000n, module: 'dm_mod' },
        { name: '__ksymtab', address: 0xffffffffc0246000n, module: 'dm_mod' },
        { name: '.data', address: 0n, module: 'dm_mod' },
      ],
    },
    socket: '/tmp/s',
  });
  expect(script).toBe(
    [
      'set architecture i386:x86-64',
      'symbol-file /cache\\ dir/symbols.elf',
      'add-symbol-file /c/dm-mod.ko 0xffffffffc0231000 -s .rodata 0xffffffffc0245000',
      'target remote /tmp/s',
      '',
    ].join('\n'),
  );
});
