// SPDX-License-Identifier: MIT
import type { SuspectBuild } from '../../model/suspect-build.js';

/** The planted control's module, built from vm/planted against every kernel; nothing changes it. */
export const PLANTED_BUILD: SuspectBuild = {
  module: 'dmrace_planted',
  object: 'dmrace_planted.ko',
  directory: 'vm/planted',
  option: 'MODULES',
  method: 'dmrace_planted_release',
  methodSources: [{ file: 'dmrace_planted.c', text: null }],
  methodSince: '3.14',
  change: '',
};
