// SPDX-License-Identifier: MIT
import type { ImageRequest } from '../../docker/image.js';
import { guestArch } from '../../rig/guest-arch.js';
import { assets } from '../../util/assets.js';
import { KERNEL_REQUIREMENTS, PATCH_REQUIREMENTS, requirements } from '../../util/requirements.js';
import { type Given, setting } from './places.js';

/** The suite that the Dockerfile names by digest. */
export const PINNED_SUITE = 'bookworm';

/** Kernel SPECs wherever they stand: matrix takes several, `kernel` takes one without a flag. */
function kernelSpecs(given: Given): string[] {
  const words = given.argv
    .map((word) => word.replace(/^--kernel=/, ''))
    .filter((word) => /^(debian$|debian[:/]|src:|image:)/.test(word));
  return words.length > 0 ? words : [setting(given, 'kernel') ?? 'debian'];
}

/**
 * The release whose compiler a suite's kernels were built with: bookworm-backports is of bookworm,
 * and experimental, which is no whole system, is of sid.
 */
const releaseOf = (suite: string): string =>
  suite === 'experimental' ? 'sid' : suite.replace(/-.*$/, '');

const suiteOfSpec = (spec: string): string | undefined =>
  /^debian:([a-z][a-z-]*)(?:\/.*)?$/.exec(spec)?.[1];

/** The Debian release whose compiler is wanted: --suite, or that of the one `debian:SUITE`. */
export function suiteOf(given: Given, asked: string | null): string {
  if (asked !== null) return releaseOf(asked);
  const named = new Set(kernelSpecs(given).map((spec) => releaseOf(suiteOfSpec(spec) ?? '')));
  const [only = ''] = named;
  return named.size === 1 && only !== '' ? only : PINNED_SUITE;
}

/**
 * Whether kernels, or tools of theirs, may have to be built. A suite's own kernel needs nothing but
 * its headers, which run in the image of that suite; another release's sources are prepared.
 */
export function mayBuild(given: Given, suite: string): boolean {
  if (given.command === 'kernel' && given.argv.includes('build')) return true;
  return kernelSpecs(given).some((spec) => {
    if (spec.startsWith('image:') || /^debian(\/.*)?$/.test(spec)) return false;
    return releaseOf(suiteOfSpec(spec) ?? '') !== suite;
  });
}

/** Whether a series is to be put on top of a kernel, the stock one too. */
const patches = ({ argv, env, config }: Given): boolean =>
  argv.some((word) => word === '--patch' || word.startsWith('--patch=')) ||
  Boolean(env.DMRACE_PATCH) ||
  [config.patch ?? []].flat().length > 0;

/** What the image of a command is made from. @param asked the suite of --suite. */
export function imageRequest(
  given: Given,
  env: Readonly<Record<string, string | undefined>>,
  network: string,
  asked: string | null,
): ImageRequest {
  const suite = suiteOf(given, asked);
  const base = env.DMRACE_DOCKER_BASE || (suite === PINNED_SUITE ? '' : `debian:${suite}-slim`);
  const arch = guestArch(setting(given, 'arch') ?? 'x86_64');
  const builds = mayBuild(given, suite);
  const packages = [
    ...(arch.name === 'x86_64' ? [] : requirements(arch)),
    ...(builds ? KERNEL_REQUIREMENTS : []),
    // git names the commit of a tree too; for that alone the doctor does not ask for it.
    ...(builds || patches(given) ? PATCH_REQUIREMENTS : []),
  ].map((requirement) => requirement.package);
  return {
    root: assets(),
    network,
    buildArgs: {
      ...(base === '' ? {} : { BASE: base }),
      ...(suite === PINNED_SUITE && asked === null ? {} : { SUITE: suite }),
      ...(env.DMRACE_DOCKER_NODE ? { NODE: env.DMRACE_DOCKER_NODE } : {}),
      ...(packages.length === 0 ? {} : { EXTRA_PACKAGES: [...new Set(packages)].join(' ') }),
      ...(arch.name === 'x86_64' ? {} : { GUEST: arch.name }),
      ...(builds ? { DOCTOR: '--kernels' } : {}),
    },
  };
}
