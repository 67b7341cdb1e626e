// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { buildOptions, buildRequest, isTrimmed } from '../../../harness/model/kernel-profile.js';

it.each([
  [undefined, undefined, { profiles: ['base'], config: null }],
  ['base,kasan', undefined, { profiles: ['base', 'kasan'], config: null }],
  ['kasan,kasan', undefined, { profiles: ['kasan'], config: null }],
  [undefined, 'x', { profiles: [], config: 'x' }],
  ['trace', 'x', { profiles: ['trace'], config: 'x' }],
])('profile %s and config %s', (profile, config, wanted) => {
  expect(buildRequest(profile, config)).toEqual(wanted);
});

it('a given .config is cut down to what the race needs, unless all modules are asked for', () => {
  expect(isTrimmed(buildOptions('src:.', undefined, 'x'))).toBe(true);
  expect(isTrimmed(buildOptions('src:.', 'base', 'x'))).toBe(true);
  expect(isTrimmed(buildOptions('src:.', undefined, 'x', { allModules: true }))).toBe(false);
  expect(isTrimmed(buildOptions('src:.', 'kasan', undefined))).toBe(false);
});

it.each([
  ['src:.', undefined, '--all-modules without --config'],
  ['debian', undefined, '--all-modules with --kernel debian'],
  ['debian', 'x', '--config, --all-modules with --kernel debian'],
])('refuses all modules of %s with config %s', (kernel, config, says) => {
  expect(() => buildOptions(kernel, undefined, config, { allModules: true })).toThrow(says);
});

it.each(['', 'Base', 'base,', 'base, kasan'])('refuses "%s" and lists what there is', (profile) => {
  expect(() => buildRequest(profile, undefined)).toThrow(
    /is no profile[\s\S]*base, trace, debug-kobject-release, debug-info, kasan, preempt-rt/,
  );
});
