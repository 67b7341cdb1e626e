// SPDX-License-Identifier: MIT
import { firstRecord } from '../../model/record.js';
import type { Suspect } from '../../model/suspect.js';
import { PLANTED_BUILD } from './build.js';
import { PLANTED_CAUSES } from './causes.js';

/** Where the twin's method lies: a module of ours that is never unloaded (vm/planted). */
const PINNED = { module: 'dmrace_pinned', method: 'dmrace_pinned_release' } as const;

/**
 * The planted control: a module of ours with the mistake that the recipes look for, for scenarios of
 * which no module can be rebuilt so that it crashes.
 */
export const dmracePlanted: Suspect = {
  name: 'dmrace_planted',
  build: PLANTED_BUILD,
  methodCalls: 'complete',
  remover: 'planted-remove',
  releaseProbe: 'planted_release',
  objectName: (records) => firstRecord(records, 'device')?.name ?? null,
  outOfTree: true,
  symbols: [PINNED.method, 'complete', 'wait_for_completion', 'kobject_put', '_stext', '_etext'],
  causes: PLANTED_CAUSES,
  words: {
    program: 'has a planted unload bug for the harness',
    method: `${PLANTED_BUILD.method}()`,
    closed: 'The planted module survives its unload',
    sweepClosed: 'the planted module survives at every point',
  },
};

/** Its correct twin: the same module, whose release method is the pinned module's. */
export const dmracePlantedTwin: Suspect = {
  ...dmracePlanted,
  build: { ...PLANTED_BUILD, method: PINNED.method },
  methodIn: PINNED.module,
};
