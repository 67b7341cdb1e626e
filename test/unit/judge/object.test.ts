// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { objectProblem } from '../../../harness/judge/object.js';
import type { MethodHome, Placement } from '../../../harness/model/placement.js';
import { DM_MOD_BUILD } from '../../../harness/suspects/dm_mod/build.js';

const problem = (
  placement: Placement,
  code: Parameters<typeof objectProblem>[1],
  subject?: MethodHome,
) => objectProblem(placement, code, DM_MOD_BUILD, subject);

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
    expect(problem(placement, code(letter))).toBeNull();
  });

  it.each([
    ['builtin', 'T'],
    ['builtin', 't'],
    ['in-module', 'U'],
    ['in-module', 'Tt'],
    ['in-module', ''],
  ] as const)('of %s is wrong with "%s"', (placement, letter) => {
    expect(problem(placement, code(letter))).toEqual({
      says: expect.stringContaining(`as "${letter}" in the booted`) as string,
      contradicts: true,
    });
  });

  it('a tree whose method is in the module is as it was built', () => {
    expect(problem('builtin', code('T'), 'dm_mod')).toBeNull();
    expect(problem('builtin', code('U'), 'dm_mod')).toEqual({
      says: expect.stringContaining('as "U" in the booted') as string,
      contradicts: true,
    });
    expect(problem('builtin', code('T'), 'vmlinux')).toEqual({
      says: expect.stringContaining('as "T" in the booted') as string,
      contradicts: true,
    });
  });

  it('that was not read proves nothing', () => {
    expect(problem('builtin', code(null))).toEqual({
      says: expect.stringMatching(/were not read$/) as string,
      contradicts: false,
    });
    expect(problem('in-module', undefined)).toEqual({
      says: expect.stringMatching(/were not read$/) as string,
      contradicts: false,
    });
  });
});
