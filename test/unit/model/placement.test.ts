// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { comparePlacements, homeOf, orderedPlacements } from '../../../harness/model/placement.js';
import { roleOf, SUBJECT } from '../../../harness/model/role.js';

describe('orderedPlacements', () => {
  it('puts the subject first, whatever the order asked for', () => {
    expect(orderedPlacements(['in-module', 'builtin'])).toEqual(['builtin', 'in-module']);
    expect(orderedPlacements(['in-module'])).toEqual(['in-module']);
  });

  it('has each once', () => {
    expect(orderedPlacements(['in-module', 'builtin', 'in-module'])).toEqual([
      'builtin',
      'in-module',
    ]);
    expect((['in-module', 'builtin'] as const).toSorted(comparePlacements)).toEqual([
      'builtin',
      'in-module',
    ]);
  });
});

describe('a placement', () => {
  it('has the release method in the module as the control, always', () => {
    expect(homeOf('in-module')).toBe('dm_mod');
    expect(homeOf('in-module', 'vmlinux')).toBe('dm_mod');
  });

  it('has it where the tree has it as the subject: vmlinux when nothing else is known', () => {
    expect(homeOf('builtin')).toBe('vmlinux');
    expect(homeOf('builtin', 'dm_mod')).toBe('dm_mod');
  });

  it('has one role, whatever the home', () => {
    expect([roleOf('builtin'), roleOf('in-module')]).toEqual(['subject', 'control']);
    expect(roleOf(SUBJECT)).toBe('subject');
  });
});
