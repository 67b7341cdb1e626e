// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { objectProblem } from '../../../harness/judge/object.js';
import { DM_MOD_BUILD } from '../../../harness/suspects/dm_mod/build.js';

describe('the booted object', () => {
  const code = (objectSymbol: string | null) => ({
    tailCall: null,
    instructions: [],
    objectSymbol,
  });

  it.each([
    ['builtin', 'U'],
    ['in-module', 'T'],
    ['in-module', 't'],
  ] as const)('of %s has dm_kobject_release as %s', (placement, letter) => {
    expect(objectProblem(placement, code(letter), DM_MOD_BUILD)).toBeNull();
  });

  it.each([
    ['builtin', 'T'],
    ['builtin', 't'],
    ['in-module', 'U'],
    ['in-module', 'Tt'],
    ['in-module', ''],
  ] as const)('of %s is wrong with "%s"', (placement, letter) => {
    expect(objectProblem(placement, code(letter), DM_MOD_BUILD)).toContain(
      `as "${letter}" in the booted`,
    );
  });

  it('a tree whose method is in the module is as it was built', () => {
    expect(objectProblem('builtin', code('T'), DM_MOD_BUILD, 'dm_mod')).toBeNull();
    expect(objectProblem('builtin', code('U'), DM_MOD_BUILD, 'dm_mod')).toContain(
      'as "U" in the booted',
    );
    expect(objectProblem('builtin', code('T'), DM_MOD_BUILD, 'vmlinux')).toContain(
      'as "T" in the booted',
    );
  });
  it('that was not read proves nothing', () => {
    expect(objectProblem('builtin', code(null), DM_MOD_BUILD)).toMatch(/were not read$/);
    expect(objectProblem('in-module', undefined, DM_MOD_BUILD)).toMatch(/were not read$/);
  });
});
