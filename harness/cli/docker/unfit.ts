// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { guestArch } from '../../rig/guest-arch.js';
import { missingTools } from '../../util/host-tools.js';
import { KERNEL_REQUIREMENTS } from '../../util/requirements.js';
import { flagValue } from './places.js';
import type { Wish } from './wish.js';

/** Why this machine cannot run the command itself; null when it can. */
export async function unfit(wish: Wish): Promise<string | null> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1];
  if (field('ID') !== 'debian') {
    return `this machine is not a Debian (${field('PRETTY_NAME') ?? process.platform})`;
  }
  // Of Debian's kernels only the look into the archive tells whether something is to be built.
  const builds = wish.argv.some((word) => /^(--kernel=)?src:/.test(word));
  const absent = await missingTools(
    guestArch(flagValue(wish.argv, 'arch')),
    builds ? KERNEL_REQUIREMENTS : [],
  );
  return absent.length === 0 ? null : `this Debian lacks ${absent.map((r) => r.needs).join(', ')}`;
}
