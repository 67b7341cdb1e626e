// SPDX-License-Identifier: MIT
import type { CauseRule } from '../../model/suspect.js';
import { PLANTED_BUILD } from './build.js';

const { module, method } = PLANTED_BUILD;

/** The one crash that it is made for. */
export const PLANTED_CAUSES: readonly CauseRule[] = [
  {
    cause: 'planted-release',
    says: `an instruction inside ${method}() of the unloaded ${module}, the planted control`,
    fits: ({ touched }) =>
      touched.is === 'gone' &&
      touched.how === 'fetch' &&
      touched.module === module &&
      touched.symbol === method,
    blames: method,
  },
];
