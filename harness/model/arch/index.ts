// SPDX-License-Identifier: GPL-2.0-only
import type { ArchName } from '../kernel.js';
import type { Arch } from './arch.js';
import { arm64 } from './arm64.js';
import { x86_64 } from './x86_64.js';

export type { Arch } from './arch.js';

/** The data files of all architectures. */
export const ARCH: Readonly<Record<ArchName, Arch>> = { x86_64, arm64 };
