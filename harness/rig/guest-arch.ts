// SPDX-License-Identifier: MIT
import { ARCH, type Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import { ARCHES } from '../model/kernel.js';

/** The architecture of that name, or this machine's. @throws DmraceError (usage) without one. */
export function guestArch(name?: string): Arch {
  const arch = Object.values(ARCH).find((candidate) =>
    name === undefined ? candidate.names.node === process.arch : candidate.name === name,
  );
  if (arch) return arch;
  throw new DmraceError('usage', {
    observed: `this machine is ${process.arch}, for which there is no architecture file`,
    action: `choose a guest with --arch ${ARCHES.join('|')}`,
  });
}
