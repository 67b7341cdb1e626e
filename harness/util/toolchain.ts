// SPDX-License-Identifier: GPL-2.0-only
import type { Arch } from '../model/arch/index.js';

/** What stands before `gcc`, `nm` and the like for a guest: nothing when it is this machine's kind. */
export const crossPrefix = (arch: Arch): string =>
  arch.names.node === process.arch ? '' : `${arch.names.triplet}-`;
