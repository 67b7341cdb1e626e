// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { compareDebianVersions } from '../../../harness/debian/version.js';

describe('compareDebianVersions', () => {
  // Each pair was put to dpkg --compare-versions (1.21.22).
  it.each([
    ['6.1.170-3', '6.1.192-2'],
    ['6.12.9-1', '6.12.117-1~deb12u1'],
    ['6.12.117-1~deb12u1', '6.12.117-1'],
    ['7.3~rc7-1~exp1', '7.3.4-1~bpo13+1'],
    ['7.3~rc7-1~exp1', '7.3-1'],
    ['6.12.115-1', '6.12.115-2'],
    ['9.0-1', '1:1.0-1'],
    ['1.0', '1.0a'],
    ['1.0a', '1.0+'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareDebianVersions(older, newer)).toBeLessThan(0);
    expect(compareDebianVersions(newer, older)).toBeGreaterThan(0);
    expect(compareDebianVersions(older, older)).toBe(0);
  });
});
