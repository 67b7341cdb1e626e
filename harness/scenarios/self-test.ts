// SPDX-License-Identifier: MIT
import type { Scenario } from '../model/scenario.js';
import { CRASH_STEPS } from '../suspects/dm_mod/steps.js';
import { release } from './release.js';

/** The guest of the main job, told to break its own kernel: whether the harness notices. */
export const selfTest: Scenario = {
  ...release,
  name: 'self-test',
  notedAs: 'self-test',
  title: 'a crash, a hang or silence on purpose',
  command: 'doctor',
  recipe: 'crash',
  control: { kind: 'none' },
  telling: CRASH_STEPS,
  placements: ['builtin'],
  config: [],
  trials: 1,
};
