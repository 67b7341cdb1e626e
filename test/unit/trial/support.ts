// SPDX-License-Identifier: MIT
import { ARCH } from '../../../harness/model/arch/index.js';
import type { MachineSpec } from '../../../harness/ports.js';

/** For machines that are not started. */
export const SPEC: MachineSpec = {
  arch: ARCH.x86_64,
  accel: 'tcg',
  image: 'i',
  initramfs: 'r',
  parameters: [],
  memoryMiB: 128,
  restoreFrom: null,
  deterministic: false,
};
