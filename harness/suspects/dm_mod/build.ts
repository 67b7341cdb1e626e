// SPDX-License-Identifier: MIT
import type { SuspectBuild } from '../../model/suspect-build.js';

/** Where dm_mod's sources are and what they make. */
export const DM_MOD_BUILD: SuspectBuild = {
  module: 'dm_mod',
  object: 'dm-mod.ko',
  directory: 'drivers/md',
  option: 'BLK_DEV_DM',
  method: 'dm_kobject_release',
  methodSources: [
    { file: 'dm-builtin.c', text: null },
    // As commit be35f48610 has it in the module, and a revert of 2995fa78e423.
    { file: 'dm-sysfs.c', text: /^(static )?void dm_kobject_release\(/m },
  ],
  methodSince: '3.14',
  change: 'control.json',
};
