// SPDX-License-Identifier: GPL-2.0-only
import type { WindowScenario } from '../model/scenario.js';
import { release } from './release.js';

/**
 * The second bug in the same window: the ten steps are the same, but nothing else holds the disk,
 * so kobject_cleanup() drops its last reference after dm_kobject_release() has returned, and
 * disk_release() (block/genhd.c, since v5.18) reads dm's block_device_operations in the memory of
 * the unloaded module.
 *
 * The builtin placement is the subject and there is no control: no kernel is known on which the
 * rest of the setup is the same and disk_release() is safe.
 */
export const diskRelease: WindowScenario = {
  ...release,
  name: 'disk-release',
  title: 'the last put of the disk after the unload of dm_mod',
  targetCause: 'disk-release-fops',
  placements: ['builtin'],
  control: null,
  pinsDisk: false,
  // Where a worker releases kobjects late the ten steps do not happen, but the crash asked about does.
  config: [],
  stopOn: [],
};
