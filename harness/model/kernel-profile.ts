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
  /** Build every module of {@link config}, not only those that the race needs; absent: no. */
  readonly allModules?: true;
}

/** Whether the kernel's own `localmodconfig` cuts the modules of a given .config down. */
export const isTrimmed = ({ config, allModules }: BuildRequest): boolean =>
  config !== null && allModules !== true;

/**
 * Reads `--profile a,b`, `--config FILE` and `--all-modules`. Without the first two the profile is
 * `base`; to a given .config only what the race needs is added, unless profiles are named too.
 * @throws DmraceError (usage) for a name that is no profile.
 */
export function buildRequest(
  profile: string | undefined,
  config: string | undefined,
  allModules = false,
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
  return { profiles, config: config ?? null, ...(allModules ? { allModules } : {}) };
}

/**
 * How the kernel of a command line is to be built. The options are for `src:` kernels only, the last
 * for one with a .config of its own.
 * @throws DmraceError (usage) for a bad specification, an unknown profile, or an option of no use.
 */
export function buildOptions(
  kernel: string,
  profile: string | undefined,
  config: string | undefined,
  allModules = false,
): BuildRequest {
  const spec = parseKernelSpec(kernel);
  const useless = [
    ...(profile === undefined ? [] : ['--profile']),
    ...(config === undefined ? [] : ['--config']),
    ...(allModules ? ['--all-modules'] : []),
  ];
  if (spec.from !== 'src' && useless.length > 0) {
    throw new DmraceError('usage', {
      observed: `${useless.join(', ')} with --kernel ${kernel}, which is not built here`,
      action: 'leave it out, or name a kernel tree: --kernel src:PATH',
    });
  }
  if (allModules && config === undefined) {
    throw new DmraceError('usage', {
      observed: '--all-modules without --config: only a given .config is cut down',
      action: 'leave it out, or add --config FILE',
    });
  }
  return buildRequest(profile, config, allModules);
}
