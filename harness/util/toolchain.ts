// SPDX-License-Identifier: MIT
import { ARCH, type Arch } from '../model/arch/index.js';

/**
 * What stands before `gcc`, `nm` and the like for a guest: nothing when it is this machine's kind.
 */
export const crossPrefix = (arch: Arch): string =>
  arch.names.node === process.arch ? '' : `${arch.names.triplet}-`;

/** This machine's architecture; undefined where there is no data file for it. */
export const hostArch = (): Arch | undefined =>
  Object.values(ARCH).find((arch) => arch.names.node === process.arch);

/** Debian's gdb knows this machine's processors only; gdb-multiarch knows all. */
export const gdbFor = (arch: Arch): string =>
  arch.names.node === process.arch ? 'gdb' : 'gdb-multiarch';
