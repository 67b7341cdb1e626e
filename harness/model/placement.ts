// SPDX-License-Identifier: GPL-2.0-only

/**
 * Where `dm_kobject_release()` lives: `builtin` is the tree as it is (vmlinux), `in-module` is the
 * control, in which the method is part of dm-mod.ko.
 */
export const PLACEMENTS = ['builtin', 'in-module'] as const;

/** See {@link PLACEMENTS}. */
export type Placement = (typeof PLACEMENTS)[number];
