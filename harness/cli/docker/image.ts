// SPDX-License-Identifier: GPL-2.0-only
import type { ImageRequest } from '../../docker/image.js';
import { assets } from '../../util/assets.js';
import { requirements } from '../../util/requirements.js';
import { guestArch } from '../guest-arch.js';
import { flagValue, type Given, setting } from './places.js';

/** The suite that the Dockerfile names by digest. */
const PINNED_SUITE = 'bookworm';

/** The Debian suite whose compiler is wanted: --suite, or that of `debian:SUITE`. */
export function suiteOf(given: Given): string {
  const kernel = /^debian:([a-z][\w-]*)$/.exec(setting(given, 'kernel') ?? '')?.[1];
  return flagValue(given.argv, 'suite') ?? kernel ?? PINNED_SUITE;
}

/** What the image of a command is made from. */
export function imageRequest(
  given: Given,
  env: Readonly<Record<string, string | undefined>>,
  network: string,
): ImageRequest {
  const suite = suiteOf(given).replace(/-.*$/, ''); // the base of bookworm-backports is bookworm
  const base = env.DMRACE_DOCKER_BASE || (suite === PINNED_SUITE ? '' : `debian:${suite}-slim`);
  const arch = guestArch(setting(given, 'arch') ?? 'x86_64');
  const extra =
    arch.name === 'x86_64' ? [] : requirements(arch).map((requirement) => requirement.package);
  return {
    root: assets(),
    network,
    buildArgs: {
      ...(base === '' ? {} : { BASE: base }),
      ...(env.DMRACE_DOCKER_NODE ? { NODE: env.DMRACE_DOCKER_NODE } : {}),
      ...(extra.length === 0 ? {} : { EXTRA_PACKAGES: extra.join(' '), GUEST: arch.name }),
    },
  };
}
