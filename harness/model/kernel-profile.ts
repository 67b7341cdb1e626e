// SPDX-License-Identifier: MIT
import { DmraceError } from './errors.js';
import { parseKernelSpec } from './kernel.js';

/** Profiles of self-built kernels: fragments of kernel-config/ that can be combined. */
export const PROFILES = [
  'base',
  'trace',
  'debug-kobject-release',
  'debug-info',
  'kasan',
  'preempt-rt',
  'rpi',
] as const;
export type Profile = (typeof PROFILES)[number];

/** How a self-built kernel is configured. */
export interface BuildRequest {
  readonly profiles: readonly Profile[];
  /** A .config to start from instead of the tree's defconfig; null for the defconfig. */
  readonly config: string | null;
  /**
   * Files of --patch, as given; absent without. An empty list has the suspect's module rebuilt without
   * a change where only it can be: a kernel to compare with.
   */
  readonly patches?: readonly string[];
}

/**
 * Reads `--profile a,b` and `--config FILE`. Without either the profile is `base`; a given .config
 * is taken as it is (plus what the race needs) unless profiles are named too.
 * @throws DmraceError (usage) for a name that is no profile.
 */
export function buildRequest(
  profile: string | undefined,
  config: string | undefined,
  patches: readonly string[] | undefined = undefined,
): BuildRequest {
  const names = profile === undefined ? (config === undefined ? ['base'] : []) : profile.split(',');
  const profiles = [...new Set(names)].map((name) => {
    const known = PROFILES.find((candidate) => candidate === name);
    if (known) return known;
    throw new DmraceError('usage', {
      observed: `--profile ${profile}: "${name}" is no profile`,
      action: `choose from ${PROFILES.join(', ')}; several are joined by commas`,
    });
  });
  return { profiles, config: config ?? null, ...(patches ? { patches } : {}) };
}

/**
 * How the kernel of a command line is to be built. Profile and configuration are for `src:` kernels
 * only; a series goes on top of any kernel's sources.
 * @throws DmraceError (usage) for a bad specification, an unknown profile, or an option of no use.
 */
export function buildOptions(
  kernel: string,
  profile: string | undefined,
  config: string | undefined,
  patches?: readonly string[],
): BuildRequest {
  const spec = parseKernelSpec(kernel);
  const useless = [
    ...(profile === undefined ? [] : ['--profile']),
    ...(config === undefined ? [] : ['--config']),
  ];
  if (spec.from !== 'src' && useless.length > 0) {
    throw new DmraceError('usage', {
      observed: `${useless.join(' and ')} with --kernel ${kernel}, which is not built here`,
      action: 'leave it out, or name a kernel tree: --kernel src:PATH',
    });
  }
  return buildRequest(profile, config, patches);
}
