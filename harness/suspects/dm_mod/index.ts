// SPDX-License-Identifier: MIT
import { firstRecord } from '../../model/record.js';
import type { Suspect } from '../../model/suspect.js';
import { DM_MOD_BUILD } from './build.js';
import { CAUSE_RULES } from './causes.js';

/** The first suspect: the device mapper, whose kobject release method was moved into vmlinux. */
export const dmMod: Suspect = {
  name: 'dm_mod',
  build: DM_MOD_BUILD,
  methodCalls: 'complete',
  remover: 'dmsetup',
  releaseProbe: 'disk_release',
  objectName: (records) => {
    const number = firstRecord(records, 'device')?.number;
    return number ? `dm-${number.split(':')[1]}` : null;
  },
  symbols: [
    'dm_kobject_release',
    'complete',
    'wait_for_completion',
    'kobject_put',
    'disk_release',
    '_stext',
    '_etext',
  ],
  causes: CAUSE_RULES,
  words: {
    program:
      'boots real kernels in QEMU and shows, with evidence, whether the builtin\ndm_kobject_release() closes the module-unload race of dm_mod',
    method: 'dm_kobject_release()',
    closed: 'The builtin dm_kobject_release() closes the race',
    sweepClosed: 'the builtin dm_kobject_release() survives at every point, the control does not',
  },
};
