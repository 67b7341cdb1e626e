// SPDX-License-Identifier: MIT
import { ARCHES, type ArchName } from '../kernel.js';
import type { Arch } from './arch.js';
import { arm64 } from './arm64.js';
import { x86_64 } from './x86_64.js';

export type { Arch } from './arch.js';

/** The data files of all architectures. */
export const ARCH: Readonly<Record<ArchName, Arch>> = { x86_64, arm64 };

/** The architecture that `uname -m` of a guest names; the first one for what it does not. */
export const archOfMachine = (machine: string | undefined): ArchName =>
  ARCHES.find((name) => ARCH[name].names.machine === machine) ?? ARCHES[0];
