// SPDX-License-Identifier: MIT
import type { Suspect, SuspectName } from '../model/suspect.js';
import { dmMod } from './dm_mod/index.js';
import { dmracePlanted } from './dmrace_planted/index.js';

/** All suspects by their names in /proc/modules. */
export const SUSPECTS: Readonly<Record<SuspectName, Suspect>> = {
  dm_mod: dmMod,
  dmrace_planted: dmracePlanted,
};
