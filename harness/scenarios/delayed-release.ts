// SPDX-License-Identifier: GPL-2.0-only
import type { DelayedScenario } from '../model/scenario.js';

/**
 * The second bug with nothing but the kernel's own means: no helper module, no scheduling, an
 * untainted kernel. With CONFIG_DEBUG_KOBJECT_RELEASE kobject_release() (lib/kobject.c) puts every
 * release off to a work item, by HZ + HZ * get_random_u32_below(4) jiffies: 1 to 4 s. The disk's
 * release is put off too, and when dm_mod is gone by then, disk_release() reads its memory.
 *
 * The steps keep the numbers they have in the comment of drivers/md/dm-builtin.c. There is no
 * holder: a kernel worker is the one that comes too late.
 */
export const delayedRelease: DelayedScenario = {
  kind: 'delayed',
  name: 'delayed-release',
  title: 'the delayed release of the disk against the unload of dm_mod',
  targetCause: 'disk-release-fops',
  placements: ['builtin'],
  control: null,
  helper: false,
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
  steps: [
    {
      step: 2,
      party: 'remover',
      does: 'dmsetup remove',
      proof: 'sys_ioctl with DM_DEV_REMOVE by dmsetup',
    },
    {
      step: 8,
      party: 'remover',
      does: 'the removal is done',
      proof: 'the ioctl of step 2 returns 0',
    },
    {
      step: 9,
      party: 'remover',
      does: 'delete_module("dm_mod")',
      proof: 'module_free, then sys_delete_module returns 0',
    },
    {
      step: 10,
      party: 'worker',
      does: 'kobject_delayed_cleanup() releases the disk',
      proof: 'probe on disk_release() with the name of the disk, after step 9, in a kernel worker',
    },
  ],
};
