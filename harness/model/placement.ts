// SPDX-License-Identifier: GPL-2.0-only

/**
 * Where `dm_kobject_release()` lives: `builtin` is the tree as it is (vmlinux), `in-module` is the
 * control, in which the method is part of dm-mod.ko.
 */
export const PLACEMENTS = ['builtin', 'in-module'] as const;

/**
 * Where the release method of the tree as it is lives, by the symbols of the dm-mod.ko that was built
 * from it: `vmlinux` since v3.14; `dm_mod` in a tree that has moved it back, such as a commit that a
 * bisection is after.
 */
export const METHOD_HOMES = ['vmlinux', 'dm_mod'] as const;

/** See {@link METHOD_HOMES}. */
export type MethodHome = (typeof METHOD_HOMES)[number];

/** Where the release method of a placement must be: the control's is in the module, always. */
export const homeOf = (placement: Placement, subject?: MethodHome): MethodHome =>
  placement === 'in-module' ? 'dm_mod' : (subject ?? 'vmlinux');

/** For sorting: in the order of {@link PLACEMENTS}. */
export const comparePlacements = (a: Placement, b: Placement): number =>
  PLACEMENTS.indexOf(a) - PLACEMENTS.indexOf(b);

/** See {@link PLACEMENTS}. */
export type Placement = (typeof PLACEMENTS)[number];
