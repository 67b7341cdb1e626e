// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { AuditPlace } from '../campaign/audit/place.js';
import { moduleName } from '../campaign/audit/plan.js';
import { type AuditRequest, givenBuild } from '../campaign/audit/request.js';
import { DmraceError } from '../model/errors.js';
import { guestArch } from '../rig/guest-arch.js';
import type { AuditNote } from '../runs/audit/note.js';
import type { AuditOptions } from './audit-options.js';
import { auditBuild, comparisons } from './audit-request.js';

/** A command line that goes on with an audit. */
export interface ResumingAudit {
  readonly options: AuditOptions;
  /** Names of the options that somebody gave, by whichever way. */
  readonly given: ReadonlySet<string>;
  /** MODULE... */
  readonly modules: readonly string[];
}

/**
 * The request of an audit that goes on: its own; of what was given now, only how to run and print
 * counts, and new comparisons. What was given at first may be given again.
 * @throws DmraceError (usage) for what asks for other visits
 */
export async function resumedAuditRequest(
  asked: ResumingAudit,
  { note }: NonNullable<AuditPlace['resumed']>,
): Promise<AuditRequest> {
  refuseOthers(asked, note);
  const { options, given } = asked;
  const { known, baseline } = await comparisons(options);
  const { spec, arch } = note.kernel;
  return {
    kernel: spec,
    build: auditBuild(spec, note),
    ...givenBuild(note),
    arch: guestArch(arch),
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

const files = (names: readonly string[] = []): string =>
  names.map((name) => path.resolve(name)).join(', ');

const parts = (isStatic: boolean, live: boolean): string =>
  isStatic === live ? 'both parts' : isStatic ? '--static' : '--live';

/** What decides what an audit's visits are, in words that can be compared: as given now, and its own. */
function deciding(
  { kernel, profile, config, patch, ...options }: AuditOptions,
  note: AuditNote,
): Readonly<Record<string, readonly [now: string, own: string]>> {
  const both = parts(options.static, options.live);
  const had = parts(note.static, note.live);
  return {
    kernel: [kernel, note.kernel.spec],
    profile: [profile ?? '', note.profile ?? ''],
    config: [config === undefined ? '' : path.resolve(config), note.config ?? ''],
    patch: [files(patch), files(note.patch)],
    arch: [options.arch ?? note.kernel.arch, note.kernel.arch],
    static: [both, had],
    live: [both, had],
    all: [String(options.all), String(note.all)],
    exercise: [files(options.exercise), files(note.exercises)],
    module: [files(options.module), files(note.modules)],
  };
}

function refuseOthers({ options, given, modules }: ResumingAudit, note: AuditNote): void {
  for (const name of ['out', 'shard'] as const) {
    if (given.has(name))
      refuse(`--${name} cannot be given with --resume: the audit has its own`, name);
  }
  for (const [name, [now, own]] of Object.entries(deciding(options, note))) {
    if (!given.has(name) || now === own) continue;
    refuse(`--${name} with --resume asks for ${now}, and the audit has ${own || '(none)'}`, name);
  }
  // Exercises and modules of one's own name theirs besides.
  const isOther = modules.map(moduleName).find((module) => !note.named.includes(module));
  const isWhole = note.exercises.length > 0 || note.modules.length > 0;
  const isLess = !isWhole && note.named.length > new Set(modules.map(moduleName)).size;
  if (modules.length === 0 || (isOther === undefined && !isLess)) return;
  const had = note.named.join(', ') || 'all that have an exercise';
  throw new DmraceError('usage', {
    observed: `${modules.join(', ')} with --resume: the audit has modules of its own: ${had}`,
    action: 'leave them out, or begin a new audit',
  });
}

function refuse(observed: string, name: string): never {
  throw new DmraceError('usage', {
    observed,
    action: `leave --${name} out, or begin a new audit`,
  });
}
