// SPDX-License-Identifier: MIT
import path from 'node:path';
import { type AuditRequest, givenBuild } from '../campaign/audit/request.js';
import { DmraceError } from '../model/errors.js';
import { parseKernelSpec } from '../model/kernel.js';
import { type BuildRequest, buildOptions } from '../model/kernel-profile.js';
import { guestArch } from '../rig/guest-arch.js';
import { readBaseline } from '../runs/audit/saved-audit.js';
import { shardOf } from '../runs/shard.js';
import type { AuditOptions } from './audit-options.js';
import { readKnownEntries } from './known-file.js';

/**
 * What the options of `dmrace audit` ask.
 * @throws DmraceError (usage) for options that do not go together, before anything is fetched.
 */
export async function auditRequest(
  options: AuditOptions,
  modules: readonly string[],
): Promise<AuditRequest> {
  for (const module of modules) requireName(module);
  const both = options.static === options.live;
  if (!options.live && options.static) {
    refuse(options.all, '--all with --static: nothing is loaded');
    refuse(options.exercise.length > 0, '--exercise with --static: nothing is exercised');
  }
  return {
    kernel: options.kernel,
    build: auditBuild(options.kernel, options),
    ...builtAs(options),
    arch: guestArch(options.arch),
    static: both || options.static,
    live: both || options.live,
    all: options.all,
    modules,
    exerciseFiles: options.exercise.map((file) => path.resolve(file)),
    moduleFiles: options.module.map((file) => path.resolve(file)),
    ...(await comparisons(options)),
    jobs: options.jobs,
    accel: options.accel,
    patience: options.patience,
    shard: shardOf(options.shard, process.env),
    out: options.out ?? null,
  };
}

/** What of a command line says how a `src:` kernel is built. */
type BuildOptions = Pick<AuditOptions, 'profile' | 'config' | 'patch'>;

/**
 * How a `src:` kernel is built for an audit: all modules of its configuration, which is the tree's
 * defconfig where nothing is said. Profile `base`, which runs take then, has hardly any.
 */
export function auditBuild(kernel: string, { profile, config, patch }: BuildOptions): BuildRequest {
  const extras = { patches: patch, allModules: config !== undefined };
  if (parseKernelSpec(kernel).from !== 'src')
    return buildOptions(kernel, profile, config, { patches: patch });
  const build = buildOptions(kernel, profile, config, extras);
  return profile === undefined ? { ...build, profiles: [] } : build;
}

/** The same by whole paths, for a resumed audit. */
const builtAs = ({ profile, config, patch }: BuildOptions) =>
  givenBuild({
    profile,
    config: config === undefined ? config : path.resolve(config),
    patch: patch?.map((file) => path.resolve(file)),
  });

/** What the result is compared with; null for what was not given. */
export const comparisons = async ({
  known,
  baseline,
}: Pick<AuditOptions, 'known' | 'baseline'>): Promise<
  Pick<AuditRequest, 'known' | 'baseline'>
> => ({
  known: known === undefined ? null : (await readKnownEntries(known)).audit,
  baseline: baseline === undefined ? null : await readBaseline(path.resolve(baseline)),
});

function requireName(module: string): void {
  if (/^[\w-]+$/.test(module)) return;
  const file = module.endsWith('.ko');
  throw new DmraceError('usage', {
    observed: `"${module}" is no name of a module`,
    limit: 'letters, digits, _ and -',
    action: file
      ? `give a file with --module ${module}`
      : 'name modules as /proc/modules has them, such as tun',
  });
}

function refuse(is: boolean, observed: string): void {
  if (!is) return;
  throw new DmraceError('usage', { observed, action: 'leave one of them out' });
}
