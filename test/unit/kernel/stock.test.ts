// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { isOfVersion, nearestVersions, newestLast } from '../../../harness/kernel/stock.js';

describe('isOfVersion', () => {
  it.each([
    ['6.1.192-2', '6.1', true],
    ['6.12.117-1~deb12u1', '6.1', false],
    ['6.12.117-1~deb12u1', '6.12', true],
    ['6.12.117-1~deb12u1', '6.12.117', true],
    ['6.12.117-1~deb12u1', '6.12.11', false],
    ['7.3~rc7-1~exp1', '7.3', true],
  ])('%s of %s: %s', (version, asked, wanted) => {
    expect(isOfVersion(version, asked)).toBe(wanted);
  });
});

it('the newest package is the last, by Debian’s order and not by the alphabet', () => {
  const pack = (version: string) => ({ name: 'linux-image', version });
  const sorted = newestLast(['6.12.100-1', '6.12.9-1', '6.12.100-1~deb12u1'].map(pack));
  expect(sorted.map((p) => p.version)).toEqual(['6.12.9-1', '6.12.100-1~deb12u1', '6.12.100-1']);
});

it('the nearest versions lie on both sides', () => {
  const have = ['6.1.192-2', '6.12.117-1', '6.19.14-1', '7.2.13-1'];
  expect(nearestVersions('6.18', have)).toEqual([
    '6.1.192-2',
    '6.12.117-1',
    '6.19.14-1',
    '7.2.13-1',
  ]);
  expect(nearestVersions('9.9', have)).toEqual(['6.19.14-1', '7.2.13-1']);
  expect(nearestVersions('2.6', have)).toEqual(['6.1.192-2', '6.12.117-1']);
});
