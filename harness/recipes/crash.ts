// SPDX-License-Identifier: MIT
import { BY_WINDOW, type Recipe } from './recipe.js';
import { RACE_GUEST } from './release-return.js';

/** The guest breaks its own kernel on purpose; nothing is proven by it but that it is noticed. */
export const crash: Recipe<'crash'> = {
  name: 'crash',
  guest: RACE_GUEST,
  cpus: 1,
  word: 'crash',
  command: ({ how }) => [`how=${how}`],
  extraMs: () => 0,
  endsByCrash: true,
  judge: () => ({
    steps: [],
    reached: false,
    whole: false,
    foreign: [],
    doubts: [],
    missing: ['this trial belongs to no scenario'],
    provenance: null,
    detail: {},
  }),
  verdict: BY_WINDOW,
  table: null,
};
