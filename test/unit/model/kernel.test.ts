// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { DmraceError } from '../../../harness/model/errors.js';
import {
  configProblems,
  parseKernelConfig,
  parseKernelSpec,
  preemption,
} from '../../../harness/model/kernel.js';
import { DM_MOD_BUILD } from '../../../harness/suspects/dm_mod/build.js';

describe('parseKernelSpec', () => {
  it.each([
    ['debian', { from: 'debian', suite: null, version: null, flavour: null }],
    ['debian:', { from: 'debian', suite: null, version: null, flavour: null }],
    ['debian:sid', { from: 'debian', suite: 'sid', version: null, flavour: null }],
    [
      'debian:bookworm-backports',
      { from: 'debian', suite: 'bookworm-backports', version: null, flavour: null },
    ],
    ['debian:6.12', { from: 'debian', suite: null, version: '6.12', flavour: null }],
    ['debian:6.1.192-2', { from: 'debian', suite: null, version: '6.1.192-2', flavour: null }],
    ['debian:6.12.9+bpo', { from: 'debian', suite: null, version: '6.12.9+bpo', flavour: null }],
    ['debian/arm64', { from: 'debian', suite: null, version: null, flavour: 'arm64' }],
    ['debian:sid/rt-arm64', { from: 'debian', suite: 'sid', version: null, flavour: 'rt-arm64' }],
    ['debian:6.1/arm64-16k', { from: 'debian', suite: null, version: '6.1', flavour: 'arm64-16k' }],
    ['src:/usr/src/linux', { from: 'src', path: '/usr/src/linux' }],
    ['src:../a:b,c', { from: 'src', path: '../a:b,c' }],
    [
      'image:/boot/vmlinuz,modules=/lib/modules/6.1,build=/usr/src/b',
      { from: 'image', path: '/boot/vmlinuz', modules: '/lib/modules/6.1', build: '/usr/src/b' },
    ],
    ['image:x,build=b=c,modules=m', { from: 'image', path: 'x', modules: 'm', build: 'b=c' }],
  ])('reads %s', (text, spec) => {
    expect(parseKernelSpec(text)).toEqual(spec);
  });

  it.each([
    '',
    'ubuntu',
    'Debian',
    'debian:buster',
    'debian:6',
    'debian:6.12;rm -rf /',
    'debian:../../etc',
    'debian/',
    'debian:6.1/',
    'debian/../x',
    'debian:6.12/rt-arm64/x',
    'src',
    'src:',
    'image',
    'image:',
    'image:/boot/vmlinuz',
    'image:/boot/vmlinuz,modules=m',
    'image:,modules=m,build=b',
    'image:x,modules=,build=b',
    'image:x,modules=m,build=b,extra=1',
    'image:x,modules=m,build=b,',
  ])('refuses "%s" as wrong usage, naming it', (text) => {
    const refused = (): unknown => parseKernelSpec(text);
    expect(refused).toThrow(DmraceError);
    expect(refused).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(refused).toThrow(`--kernel ${text}: `);
  });
});

const GOOD = `
#
# Automatically generated file; DO NOT EDIT.
#
CONFIG_BLK_DEV_DM_BUILTIN=y
CONFIG_BLK_DEV_DM=m
CONFIG_PREEMPT_DYNAMIC=y
CONFIG_MODULE_UNLOAD=y
CONFIG_KALLSYMS=y
CONFIG_KPROBE_EVENTS=y
CONFIG_FTRACE_SYSCALLS=y
CONFIG_STACKTRACE=y
CONFIG_LOCALVERSION="-cloud"
CONFIG_EMPTY=""
CONFIG_NR_CPUS=64
# CONFIG_PREEMPT_RT is not set
`;

describe('parseKernelConfig', () => {
  it('reads values and leaves out what is not set', () => {
    const config = parseKernelConfig(GOOD);
    expect(config.get('BLK_DEV_DM')).toBe('m');
    expect(config.get('LOCALVERSION')).toBe('-cloud');
    expect(config.get('EMPTY')).toBe('');
    expect(config.get('NR_CPUS')).toBe('64');
    expect(config.has('PREEMPT_RT')).toBe(false);
    expect(config.has('CONFIG_BLK_DEV_DM')).toBe(false);
    expect(config.size).toBe(11);
  });
});

describe('preemption', () => {
  it.each([
    [{ PREEMPT: 'y' }, '', 'PREEMPT'],
    [{ PREEMPT_RT: 'y', PREEMPT_DYNAMIC: 'y' }, '', 'PREEMPT_RT'],
    [
      { PREEMPT_DYNAMIC: 'y', PREEMPT: 'y' },
      'preempt=full',
      'PREEMPT_DYNAMIC, booted with preempt=full',
    ],
    [{ PREEMPT_LAZY: 'y' }, '', 'PREEMPT_LAZY'],
  ])('of %j', (options, parameter, says) => {
    expect(preemption(new Map(Object.entries(options)))).toEqual({ ok: true, parameter, says });
  });

  it.each([
    {},
    { PREEMPT_VOLUNTARY: 'y' },
    { PREEMPT_NONE: 'y', PREEMPT_COUNT: 'y' },
    { PREEMPT: 'n' },
  ])('is not in %j', (options) => {
    expect(preemption(new Map(Object.entries(options)))).toEqual({ ok: false });
  });
});

describe('configProblems', () => {
  const good = parseKernelConfig(GOOD);

  it('are none for a good kernel', () => {
    expect(configProblems(good, DM_MOD_BUILD)).toEqual([]);
  });

  it('are all told at once', () => {
    expect(configProblems(new Map(), DM_MOD_BUILD).map((problem) => problem.observed)).toEqual([
      'CONFIG_BLK_DEV_DM is not set',
      'the kernel is neither PREEMPT nor PREEMPT_DYNAMIC nor PREEMPT_RT',
      'CONFIG_MODULE_UNLOAD is not set',
      'CONFIG_KALLSYMS is not set',
      'CONFIG_KPROBE_EVENTS is not set',
      'CONFIG_FTRACE_SYSCALLS is not set',
      'CONFIG_STACKTRACE is not set',
    ]);
  });

  it.each([
    ['BLK_DEV_DM', 'y', 'CONFIG_BLK_DEV_DM is y'],
    ['MODULE_UNLOAD', 'n', 'CONFIG_MODULE_UNLOAD is n'],
    ['KALLSYMS', 'm', 'CONFIG_KALLSYMS is m'],
  ])('name CONFIG_%s=%s, and what to set', (option, value, observed) => {
    const problems = configProblems(new Map([...good, [option, value]]), DM_MOD_BUILD);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.observed).toBe(observed);
    expect(problems[0]?.action).toMatch(new RegExp(`^set CONFIG_${option}=`));
  });
});
