// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { AuditPlace } from '../campaign/audit/place.js';
import type { AuditRequest } from '../campaign/audit/request.js';
import { DmraceError } from '../model/errors.js';
import { buildOptions } from '../model/kernel-profile.js';
import { guestArch } from '../rig/guest-arch.js';
import { readBaseline } from '../runs/audit/saved-audit.js';
import { shardOf } from '../runs/shard.js';
import type { AuditOptions } from './audit-options.js';
import { readKnownEntries } from './known-file.js';

/** What decides what an audit's visits are: a resumed one has its own. */
const DECIDING = [
  'kernel',
  'profile',
  'config',
  'arch',
  'static',
  'live',
  'all',
  'exercise',
  'module',
  'shard',
  'out',
] as const;

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
    build: buildOptions(options.kernel, options.profile, options.config),
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

/**
 * The request of an audit that goes on: its own; of what was given now, only how to run and print
 * counts, and new comparisons.
 * @throws DmraceError (usage) for an option given now that decides what is visited
 */
export async function resumedAuditRequest(
  options: AuditOptions,
  given: ReadonlySet<string>,
  modules: readonly string[],
  { note }: NonNullable<AuditPlace['resumed']>,
): Promise<AuditRequest> {
  const clash = DECIDING.find((name) => given.has(name));
  refuse(clash !== undefined, `--${clash} with --resume: the audit has its own`);
  refuse(modules.length > 0, `${modules[0]} with --resume: the audit has its own modules`);
  const { known, baseline } = await comparisons(options);
  return {
    kernel: note.kernel.spec,
    build: buildOptions(note.kernel.spec, undefined, undefined),
    arch: guestArch(note.kernel.arch),
    static: note.static,
    live: note.live,
    all: note.all,
    modules: note.named,
    exerciseFiles: note.exercises,
    moduleFiles: note.modules,
    known: known ?? note.known,
    baseline: baseline ?? note.baseline,
    jobs: options.jobs,
    accel: options.accel === 'auto' ? (note.accel ?? 'auto') : options.accel,
    patience: given.has('patience') ? options.patience : note.patience,
    shard: note.shard ?? null,
    out: null,
  };
}

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
