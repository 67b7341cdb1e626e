// SPDX-License-Identifier: MIT
import type { Control } from '../model/control.js';
import type { Scenario } from '../model/scenario.js';
import { dmracePlanted, dmracePlantedTwin } from '../suspects/dmrace_planted/index.js';
import { PLANTED_STEPS } from '../suspects/dmrace_planted/steps.js';
import { release } from './release.js';

/** The planted control of the recipe release-return. */
const PLANTED: Control = {
  kind: 'planted',
  placement: 'planted',
  twin: 'planted-twin',
  cause: 'planted-release',
  staged: {
    planted: { suspect: dmracePlanted, telling: PLANTED_STEPS },
    'planted-twin': { suspect: dmracePlantedTwin, telling: PLANTED_STEPS },
  },
};

/**
 * The second bug in the same window: the ten steps are the same, but nothing else holds the disk,
 * so kobject_cleanup() drops its last reference after the release method has returned, and
 * disk_release() (block/genhd.c, since v5.18) reads dm's block_device_operations in the memory of
 * the unloaded module.
 *
 * No module can be rebuilt to be its control: what crashes is the kernel's own code. A planted module
 * with the same kind of mistake goes through the same recipe instead, in guests of its own.
 */
export const diskRelease: Scenario = {
  ...release,
  name: 'disk-release',
  notedAs: 'disk-release',
  title: 'the last put of the disk after the unload of dm_mod',
  control: PLANTED,
  targetCause: 'disk-release-fops',
  placements: ['builtin', 'planted', 'planted-twin'],
  pinsParent: false,
  // Where a worker releases kobjects late the ten steps do not happen, but the crash asked about does.
  config: [],
};
