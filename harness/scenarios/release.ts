// SPDX-License-Identifier: GPL-2.0-only
import type { WindowScenario } from '../model/scenario.js';

/**
 * The race of the comment in drivers/md/dm-builtin.c. The disk's kobject is pinned, so that nothing
 * but the release method itself can run freed text.
 */
export const release: WindowScenario = {
  kind: 'window',
  name: 'release',
  title: 'the release method of the dm kobject against the unload of dm_mod',
  targetCause: 'release-in-unloaded-text',
  placements: ['builtin', 'in-module'],
  control: 'in-module',
  pinsDisk: true,
  helper: true,
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
  steps: [
    {
      step: 1,
      party: 'holder',
      does: 'takes a reference on /sys/block/dm-N/dm through the helper module, as SCHED_IDLE',
      proof: 'probe dmrace:got on the kobject, count 2',
    },
    {
      step: 2,
      party: 'remover',
      does: 'dmsetup remove, as SCHED_FIFO 50',
      proof: 'sys_ioctl with DM_DEV_REMOVE by dmsetup',
    },
    {
      step: 3,
      party: 'remover',
      does: 'dm_sysfs_exit() puts the kobject',
      proof: 'count 1 when wait_for_completion() is entered: one put, no release',
    },
    {
      step: 4,
      party: 'remover',
      does: 'waits on the completion behind the kobject',
      proof: 'dmsetup is switched out in state D after wait_for_completion()',
    },
    {
      step: 5,
      party: 'holder',
      does: 'drops its reference, the last one',
      proof: 'probe dmrace:put on the kobject, count 1',
    },
    {
      step: 6,
      party: 'holder',
      does: 'dm_kobject_release() calls complete()',
      proof: 'probe on complete() of that very completion, in the holder',
    },
    {
      step: 7,
      party: 'holder',
      does: 'is preempted by the remover that it woke',
      proof: 'switched out in state R with the return address of step 6 still on its stack',
    },
    {
      step: 8,
      party: 'remover',
      does: 'finishes the removal; the load keeps the holder off the CPU whenever it sleeps',
      proof: 'the ioctl of step 2 returns 0',
    },
    {
      step: 9,
      party: 'remover',
      does: 'delete_module("dm_mod")',
      proof: 'module_free, then sys_delete_module returns 0; the holder never ran since step 7',
    },
    {
      step: 10,
      party: 'holder',
      does: 'runs again',
      proof: 'switched in after step 9',
    },
  ],
};
