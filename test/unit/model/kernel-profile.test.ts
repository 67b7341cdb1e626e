// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { buildRequest } from '../../../harness/model/kernel-profile.js';

it.each([
  [undefined, undefined, { profiles: ['base'], config: null }],
  ['base,kasan', undefined, { profiles: ['base', 'kasan'], config: null }],
  ['kasan,kasan', undefined, { profiles: ['kasan'], config: null }],
  [undefined, 'x', { profiles: [], config: 'x' }],
  ['trace', 'x', { profiles: ['trace'], config: 'x' }],
])('profile %s and config %s', (profile, config, wanted) => {
  expect(buildRequest(profile, config)).toEqual(wanted);
});

it.each(['', 'Base', 'base,', 'base, kasan'])('refuses "%s" and lists what there is', (profile) => {
  expect(() => buildRequest(profile, undefined)).toThrow(
    /is no profile[\s\S]*base, trace, debug-kobject-release, kasan, preempt-rt/,
  );
});
