// SPDX-License-Identifier: MIT
import type { Scenario } from '../model/scenario.js';
import { dmMod } from '../suspects/dm_mod/index.js';
import { SOAK_STEPS } from '../suspects/dm_mod/steps.js';

/**
 * A soak of dm_mod: create, table reload, suspend, resume, remove, unload, load, as fast as the guest
 * can, while SCHED_IDLE readers go through all sysfs attributes of the device and a load runs above
 * them. Nothing here holds a reference for the race to be about (readers are drained by kernfs), so
 * the scenario has no steps and no control; a crash of the race's cause would still be `open`.
 */
export const churn: Scenario = {
  name: 'churn',
  notedAs: 'churn',
  title: 'a soak: device and module come and go under readers and load',
  command: 'run',
  suspect: dmMod,
  recipe: 'soak',
  control: { kind: 'none' },
  telling: SOAK_STEPS,
  targetCause: 'release-in-unloaded-text',
  placements: ['builtin'],
  pinsParent: false,
  config: [],
  trials: 1,
  attempts: 1,
  stopOn: [],
};
