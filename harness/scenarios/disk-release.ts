// SPDX-License-Identifier: GPL-2.0-only
import type { Scenario } from '../model/scenario.js';
import { release } from './release.js';

/**
 * The second bug in the same window: the ten steps are the same, but nothing else holds the disk,
 * so kobject_cleanup() drops its last reference after the release method has returned, and
 * disk_release() (block/genhd.c, since v5.18) reads dm's block_device_operations in the memory of
 * the unloaded module.
 *
 * There is no control: no kernel is known on which the rest of the setup is the same and
 * disk_release() is safe.
 */
export const diskRelease: Scenario = {
  ...release,
  name: 'disk-release',
  notedAs: 'disk-release',
  title: 'the last put of the disk after the unload of dm_mod',
  control: { kind: 'none' },
  targetCause: 'disk-release-fops',
  placements: ['builtin'],
  pinsParent: false,
  // Where a worker releases kobjects late the ten steps do not happen, but the crash asked about does.
  config: [],
};
