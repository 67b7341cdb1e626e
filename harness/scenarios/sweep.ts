// SPDX-License-Identifier: MIT
import type { Scenario } from '../model/scenario.js';
import { release } from './release.js';

/**
 * The window of the race, asked at every block of the remover: from where on does the control crash?
 * Trial N lets the holder run at block N, trial 0 after the unload. Plans and run.json note it as the
 * scenario whose window it is.
 */
export const sweep: Scenario = {
  ...release,
  name: 'sweep',
  notedAs: release.name,
  title: 'the holder let run at every block of the remover in turn',
  command: 'sweep',
  recipe: 'sweep',
  trials: 1,
};
