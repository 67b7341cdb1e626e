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
  /** Build every module of {@link config}, not only those that the race needs; absent: no. */
  readonly allModules?: true;
}

/** Whether the kernel's own `localmodconfig` cuts the modules of a given .config down. */
export const isTrimmed = ({ config, allModules }: BuildRequest): boolean =>
  config !== null && allModules !== true;

/** What of a {@link BuildRequest} most kernels do without. */
interface BuildExtras {
  readonly patches?: readonly string[] | undefined;
  readonly allModules?: boolean | undefined;
}

/**
 * Reads `--profile a,b`, `--config FILE` and `--all-modules`. Without the first two the profile is
 * `base`; to a given .config only what the race needs is added, unless profiles are named too.
 * @throws DmraceError (usage) for a name that is no profile.
 */
export function buildRequest(
  profile: string | undefined,
  config: string | undefined,
  { patches, allModules }: BuildExtras = {},
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
  return {
    profiles,
    config: config ?? null,
    ...(patches ? { patches } : {}),
    ...(allModules ? { allModules } : {}),
  };
}

/**
 * How the kernel of a command line is to be built. Profile and configuration are for `src:` kernels
 * only, `allModules` for one with a .config of its own; a series goes on top of any kernel's sources.
 * @throws DmraceError (usage) for a bad specification, an unknown profile, or an option of no use.
 */
export function buildOptions(
  kernel: string,
  profile: string | undefined,
  config: string | undefined,
  extras: BuildExtras = {},
): BuildRequest {
  const spec = parseKernelSpec(kernel);
  const useless = [
    ...(profile === undefined ? [] : ['--profile']),
    ...(config === undefined ? [] : ['--config']),
    ...(extras.allModules ? ['--all-modules'] : []),
  ];
  if (spec.from !== 'src' && useless.length > 0) {
    throw new DmraceError('usage', {
      observed: `${useless.join(', ')} with --kernel ${kernel}, which is not built here`,
      action: 'leave it out, or name a kernel tree: --kernel src:PATH',
    });
  }
  if (extras.allModules && config === undefined) {
    throw new DmraceError('usage', {
      observed: '--all-modules without --config: only a given .config is cut down',
      action: 'leave it out, or add --config FILE',
    });
  }
  return buildRequest(profile, config, extras);
}
