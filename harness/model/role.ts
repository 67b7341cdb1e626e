// SPDX-License-Identifier: MIT
import type { Placement } from './placement.js';

/**
 * What a trial is in the comparison: the `subject` is the tree as it is, whatever that is; the
 * `control` is what has to crash before the subject's silence means anything; the `twin` of a planted
 * control is what has to survive before its crash does; `attribution` tells by what a race is
 * closed, and decides nothing. Where the release method lives is a fact of its own (homeOf() in placement.ts): under a bisection the subject may
 * have it in the module too.
 */
export const ROLES = ['subject', 'control', 'twin', 'attribution'] as const;
/** See {@link ROLES}. */
export type Role = (typeof ROLES)[number];

const ROLE_OF: Readonly<Record<Placement, Role>> = {
  builtin: 'subject',
  'in-module': 'control',
  'as-compiled': 'attribution',
  planted: 'control',
  'planted-twin': 'twin',
};

/** The role that a placement has; its name is kept on the command line, in JSON and in folders. */
export const roleOf = (placement: Placement): Role => ROLE_OF[placement];

/** The subject's placement, which every question is about. */
export const SUBJECT: Placement = 'builtin';
