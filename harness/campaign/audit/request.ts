// SPDX-License-Identifier: MIT
import type { Baseline } from '../../judge/audit-baseline.js';
import type { Arch } from '../../model/arch/index.js';
import type { BuildRequest } from '../../model/kernel-profile.js';
import type { KnownAudit } from '../../model/known.js';
import type { Accel } from '../../ports.js';
import type { Shard } from '../../runs/shard.js';

/** As given with --profile, --config and --patch, the files by their whole paths. */
export interface GivenBuild {
  readonly profile?: string | undefined;
  readonly config?: string | undefined;
  readonly patch?: readonly string[] | undefined;
}

/** Of a request or of its note what was given of these; what was not is absent. */
export const givenBuild = ({
  profile,
  config,
  patch,
}: GivenBuild): { profile?: string; config?: string; patch?: string[] } => ({
  ...(profile === undefined ? {} : { profile }),
  ...(config === undefined ? {} : { config }),
  ...(patch === undefined ? {} : { patch: [...patch] }),
});

/** What `dmrace audit` is asked. */
export interface AuditRequest extends GivenBuild {
  readonly kernel: string;
  readonly build: BuildRequest;
  readonly arch: Arch;
  readonly static: boolean;
  readonly live: boolean;
  /** Modules without an exercise are loaded and unloaded, too. */
  readonly all: boolean;
  /** Modules that were named. */
  readonly modules: readonly string[];
  /** Files of --exercise and of --module. */
  readonly exerciseFiles: readonly string[];
  readonly moduleFiles: readonly string[];
  readonly known: readonly KnownAudit[] | null;
  readonly baseline: Baseline | null;
  readonly jobs: number | 'auto';
  readonly accel: 'auto' | Accel;
  readonly patience: number;
  readonly shard: Shard | null;
  /** Folder of the artefacts; null for a new one below `dmrace-runs`. */
  readonly out: string | null;
}
