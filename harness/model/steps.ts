// SPDX-License-Identifier: GPL-2.0-only

/** Number of a step of the comment in drivers/md/dm-builtin.c (v3.14, commit 2995fa78e423). */
export type StepNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Who acts in a step; the worker is a kernel thread that releases what was put. */
export type Party = 'holder' | 'remover' | 'worker';

/** The ten steps as the comment tells them, shortened to one line each. */
export const STEPS: Readonly<Record<StepNumber, { readonly party: Party; readonly says: string }>> =
  {
    1: { party: 'holder', says: 'some other process takes a reference on the dm kobject' },
    2: { party: 'remover', says: 'the user removes the dm device by ioctl' },
    3: { party: 'remover', says: 'dm_sysfs_exit() puts the kobject; not the last reference' },
    4: { party: 'remover', says: 'dm_sysfs_exit() waits on the completion' },
    5: { party: 'holder', says: 'the other process drops the last reference' },
    6: { party: 'holder', says: 'dm_kobject_release() calls complete()' },
    7: { party: 'holder', says: 'a reschedule before dm_kobject_release() returns' },
    8: { party: 'remover', says: 'dm_sysfs_exit() goes on, the device is gone' },
    9: { party: 'remover', says: 'the user unloads dm_mod' },
    10: { party: 'holder', says: 'the process of step 7 runs again' },
  };

/** All step numbers in order. */
export const STEP_NUMBERS: readonly StepNumber[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** A trial has reached the window when these were all observed, in order. */
export const WINDOW_STEPS: readonly StepNumber[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
