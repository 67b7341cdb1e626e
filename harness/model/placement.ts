// SPDX-License-Identifier: GPL-2.0-only

/**
 * The two builds of a comparison: `builtin` is the tree as it is, in which the release method is in
 * vmlinux on kernels that have the fix; `in-module` is the control, in which it is part of the module.
 * model/role.ts says which of them is asked about.
 */
export const PLACEMENTS = ['builtin', 'in-module'] as const;
/** See {@link PLACEMENTS}. */
export type Placement = (typeof PLACEMENTS)[number];

/**
 * Where the release method of the tree as it is lives, by the symbols of the module that was built
 * from it: `vmlinux`, or `dm_mod` in a tree that has moved it into the module, such as a commit that a
 * bisection is after. The names are those of run folders.
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

/** Placements in the order of {@link PLACEMENTS}, each once. */
export const orderedPlacements = (placements: readonly Placement[]): Placement[] =>
  PLACEMENTS.filter((placement) => placements.includes(placement));
