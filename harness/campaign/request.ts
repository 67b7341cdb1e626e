// SPDX-License-Identifier: MIT
import type { Arch } from '../model/arch/index.js';
import type { KnownIssue } from '../model/known.js';
import type { StopWord } from '../model/stop-rule.js';
import type { TrialResult } from '../model/trial.js';
import type { Stages } from '../ports.js';
import type { RigRequest } from '../rig/rig.js';
import type { Shard } from '../runs/shard.js';

/** What every command that runs trials is asked. */
export interface RaceRequest extends RigRequest {
  readonly arch: Arch;
  readonly seed: number;
  /** What every deadline is multiplied by. */
  readonly patience: number;
  /** VMs side by side; `auto`: as many as cores. */
  readonly jobs: number | 'auto';
  /** Dump trials that crash; absent: no. */
  readonly dump?: boolean;
  /** Folder of the artefacts; null for a new one below `dmrace-runs`. */
  readonly out: string | null;
}

/** What `dmrace run` is asked. */
export interface RunRequest extends RaceRequest {
  /** Trials of each placement that have to reach the window. */
  readonly trials: number;
  /** How long a trial lasts; null where the scenario decides by itself when it is done. */
  readonly durationMs: number | null;
  readonly stopOn: readonly StopWord[];
  /** Whether what stops the run waits for the control and its twin: another run rests on them. */
  readonly controlFirst?: boolean;
  readonly shard: Shard | null;
  /** Entries of the known-issues file; null without one. */
  readonly known: readonly KnownIssue[] | null;
  /** As given with --profile and --config, the file by its whole path: how a resumed run is built. */
  readonly profile?: string;
  readonly config?: string;
}

/** Who watches a command's work and may end it. */
export interface Conductor {
  readonly signal: AbortSignal;
  readonly stages: Stages;
  /** Called with every judged trial, as it ends. */
  readonly done?: (result: TrialResult) => void;
}
