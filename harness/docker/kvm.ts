// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';

/**
 * The group of /dev/kvm when this process may use it, else null. Whether guests live under it is
 * for the inner program to find out: it boots one.
 */
export async function usableKvm(device = '/dev/kvm'): Promise<number | null> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
    const found = await stat(device);
    return found.isCharacterDevice() ? found.gid : null;
  } catch {
    return null;
  }
}
