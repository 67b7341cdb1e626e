// SPDX-License-Identifier: GPL-2.0-only
import type { ChurnScenario } from '../model/scenario.js';

/**
 * A soak of dm_mod: create, table reload, suspend, resume, remove, unload, load, as fast as the guest
 * can, while SCHED_IDLE readers go through all sysfs attributes of the device and a load runs above
 * them. Nothing here holds a reference for the race to be about (readers are drained by kernfs), so
 * the scenario has no steps and no control; a crash of the race's cause would still be `open`.
 */
export const churn: ChurnScenario = {
  kind: 'churn',
  name: 'churn',
  title: 'a soak: device and module come and go under readers and load',
  targetCause: 'release-in-unloaded-text',
  placements: ['builtin'],
  control: null,
  helper: false,
  config: [],
  trials: 1,
  attempts: 1,
  stopOn: [],
  steps: [],
};
