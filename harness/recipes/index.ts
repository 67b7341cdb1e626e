// SPDX-License-Identifier: MIT
import type { RecipeName } from '../model/recipe.js';
import { crash } from './crash.js';
import { delayed } from './delayed.js';
import type { Recipe } from './recipe.js';
import { releaseReturn } from './release-return.js';
import { soak } from './soak.js';
import { sweep } from './sweep.js';

/** All recipes by their names, which the guest's table has too (vm/guest/core/trial.c). */
export const RECIPES: { readonly [R in RecipeName]: Recipe<R> } = {
  'release-return': releaseReturn,
  sweep,
  delayed,
  soak,
  crash,
};
