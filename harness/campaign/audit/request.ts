// SPDX-License-Identifier: MIT
import type { Baseline } from '../../judge/audit-baseline.js';
import type { Arch } from '../../model/arch/index.js';
import type { BuildRequest } from '../../model/kernel-profile.js';
import type { KnownAudit } from '../../model/known.js';
import type { Accel } from '../../ports.js';
import type { Shard } from '../../runs/shard.js';

/** What `dmrace audit` is asked. */
export interface AuditRequest {
  readonly kernel: string;
  readonly build: BuildRequest;
  /** As given with --profile, --config and --patch, the files by their whole paths. */
  readonly profile?: string;
  readonly config?: string;
  readonly patch?: readonly string[];
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
