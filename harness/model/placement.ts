// SPDX-License-Identifier: MIT

/**
 * The two builds of a comparison: `builtin` is the tree as it is, in which the release method is in
 * vmlinux on kernels that have the fix; `in-module` is the control, in which it is part of the module.
 * model/role.ts says which of them is asked about.
 */
export const COMPARED_PLACEMENTS = ['builtin', 'in-module'] as const;

/**
 * Those that `--placement` names: beside the two, `as-compiled` has the method in the module as well,
 * but compiled as the kernel's own, without what makes the control return. It tells whether placement
 * or the compiler closes the race, and decides no verdict.
 */
export const ASKED_PLACEMENTS = [...COMPARED_PLACEMENTS, 'as-compiled'] as const;
/** See {@link ASKED_PLACEMENTS}. */
export type AskedPlacement = (typeof ASKED_PLACEMENTS)[number];

/**
 * All placements that a trial may have, in the order of reports. Where no module can be rebuilt so
 * that it crashes, another one stands for the control: `planted` is a module of ours with the
 * mistake, `planted-twin` the same one with its release method in text that stays.
 */
export const PLACEMENTS = [...ASKED_PLACEMENTS, 'planted', 'planted-twin'] as const;
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

/** Where the release method of a placement must be: but for the subject's it is in a module, always. */
export const homeOf = (placement: Placement, subject?: MethodHome): MethodHome =>
  placement === 'builtin' ? (subject ?? 'vmlinux') : 'dm_mod';

/** Placement and index in the name of a trial or of its folder; null when it is none. */
export function placementIn(name: string): { placement: Placement; index: number } | null {
  const [, word, index] = /^(.+)-(\d+)$/.exec(name) ?? [];
  const placement = PLACEMENTS.find((known) => known === word);
  return placement === undefined ? null : { placement, index: Number(index) };
}

/** For sorting: in the order of {@link PLACEMENTS}. */
export const comparePlacements = (a: Placement, b: Placement): number =>
  PLACEMENTS.indexOf(a) - PLACEMENTS.indexOf(b);

/** Placements in the order of {@link PLACEMENTS}, each once. */
export const orderedPlacements = (placements: readonly Placement[]): Placement[] =>
  PLACEMENTS.filter((placement) => placements.includes(placement));
