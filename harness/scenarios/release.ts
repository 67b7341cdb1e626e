// SPDX-License-Identifier: MIT
import type { Scenario } from '../model/scenario.js';
import { dmMod } from '../suspects/dm_mod/index.js';
import { TEN_STEPS } from '../suspects/dm_mod/steps.js';

/**
 * The race of the comment in drivers/md/dm-builtin.c. The disk's kobject is pinned, so that nothing
 * but the release method itself can run freed text.
 */
export const release: Scenario = {
  name: 'release',
  notedAs: 'release',
  title: 'the release method of the dm kobject against the unload of dm_mod',
  command: 'run',
  suspect: dmMod,
  recipe: 'release-return',
  control: { kind: 'rebuilt', placement: 'in-module' },
  telling: TEN_STEPS,
  targetCause: 'release-in-unloaded-text',
  placements: ['builtin', 'in-module'],
  pinsParent: true,
  // lib/kobject.c, kobject_release(): the last put only queues the release.
  config: [
    {
      option: 'DEBUG_KOBJECT_RELEASE',
      set: false,
      why: 'a kernel worker would call the release method, not the holder that drops the last reference',
      instead: 'delayed-release',
    },
  ],
  trials: 5,
  attempts: 1,
  stopOn: [],
};
