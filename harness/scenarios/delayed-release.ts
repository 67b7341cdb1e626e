// SPDX-License-Identifier: MIT
import type { Scenario } from '../model/scenario.js';
import { dmMod } from '../suspects/dm_mod/index.js';
import { DELAYED_STEPS } from '../suspects/dm_mod/steps.js';
import { dmracePlanted, dmracePlantedTwin } from '../suspects/dmrace_planted/index.js';
import { PLANTED_DELAYED_STEPS } from '../suspects/dmrace_planted/steps.js';

/**
 * The second bug with nothing but the kernel's own means: no helper module, no scheduling, an
 * untainted kernel. With CONFIG_DEBUG_KOBJECT_RELEASE kobject_release() (lib/kobject.c) puts every
 * release off to a work item, by HZ + HZ * get_random_u32_below(4) jiffies: 1 to 4 s. The disk's
 * release is put off too, and when dm_mod is gone by then, disk_release() reads its memory. The
 * planted control does the same in guests of its own, so the subject's stay untainted.
 */
export const delayedRelease: Scenario = {
  name: 'delayed-release',
  notedAs: 'delayed-release',
  title: 'the delayed release of the disk against the unload of dm_mod',
  command: 'run',
  suspect: dmMod,
  recipe: 'delayed',
  control: {
    kind: 'planted',
    placement: 'planted',
    twin: 'planted-twin',
    cause: 'planted-release',
    staged: {
      planted: { suspect: dmracePlanted, telling: PLANTED_DELAYED_STEPS },
      'planted-twin': { suspect: dmracePlantedTwin, telling: PLANTED_DELAYED_STEPS },
    },
  },
  telling: DELAYED_STEPS,
  targetCause: 'disk-release-fops',
  placements: ['builtin', 'planted', 'planted-twin'],
  pinsParent: false,
  config: [
    {
      option: 'DEBUG_KOBJECT_RELEASE',
      set: true,
      why: 'the kernel itself has to put off the release of the disk',
      profile: 'debug-kobject-release',
    },
  ],
  trials: 5,
  // Measured on 6.1: about one disk in five is released after the unload.
  attempts: 8,
  stopOn: ['both'],
};
