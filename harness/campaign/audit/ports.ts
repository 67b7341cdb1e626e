// SPDX-License-Identifier: MIT
import type { Arch } from '../../model/arch/index.js';
import type { PlantedVisit, StaticModule, Visit } from '../../model/audit.js';
import type { Exercise } from '../../model/exercise.js';
import type { KernelConfig } from '../../model/kernel.js';
import type { KernelIdentity } from '../../model/kernel-identity.js';
import type { BuildRequest } from '../../model/kernel-profile.js';
import type { Accel, Stages } from '../../ports.js';
import type { Work } from '../../util/work.js';

/** What the audit itself has to know of a kernel; its parts may know more. */
export interface AuditedKernel {
  readonly identity: KernelIdentity;
  readonly arch: Arch;
  readonly config: KernelConfig;
  /** Its /lib/modules/RELEASE. */
  readonly modules: string;
}

/** What of a kernel is wanted. */
export interface KernelRequest {
  /** As given with --kernel. */
  readonly spec: string;
  /** How a `src:` kernel is built. */
  readonly build: BuildRequest;
  /** Whether guests are to be run, and how; null: only its files are read. */
  readonly guests: { readonly accel: 'auto' | Accel } | null;
  /** Files of --module, which guests have too. */
  readonly ownModules: readonly string[];
}

/** A module that is to be visited in a guest. */
export interface LiveVisit {
  readonly module: string;
  /** How it is made to do something; null: it is only loaded and unloaded. */
  readonly exercise: Exercise | null;
  /** Its file, where it is not one of the kernel's own (--module). */
  readonly file: string | null;
}

/** What the live part is asked. */
export interface LiveRequest<K extends AuditedKernel> {
  readonly kernel: K;
  /** In the order in which they are to begin. */
  readonly visits: readonly LiveVisit[];
  /** The first number that a guest may have: a resumed audit has guests already. */
  readonly firstGuest: number;
  /** Guests side by side; `auto`: as many as cores. */
  readonly jobs: number | 'auto';
}

/** What the live part tells, as it happens. */
export type LiveEvent =
  /** Before the first guest: what runs them. */
  | { readonly is: 'started'; readonly accel: Accel }
  | { readonly is: 'planted'; readonly planted: PlantedVisit }
  | { readonly is: 'visit'; readonly visit: Visit }
  /** A try on the untouched kernel, without our module, has ended. */
  | { readonly is: 'try' }
  /**
   * What a guest left, by names that its folder does not have yet, such as `3-console.log`. It may come
   * after each visit; proofs name their console as `guest-N/NAME`.
   */
  | {
      readonly is: 'guest';
      readonly guest: number;
      readonly files: ReadonlyMap<string, Uint8Array>;
    };

/** What the static part says. */
export interface StaticReading {
  readonly modules: readonly StaticModule[];
  /** What a reader should know: files that could not be read and why, the weaker route. */
  readonly notes: readonly string[];
}

/** Where exercises come from. */
export interface Exercises {
  /** Those of vm/exercises. @throws DmraceError (environment) for one that is damaged. */
  shipped(): Promise<readonly Exercise[]>;
  /** One that was given with --exercise. @throws DmraceError (usage) that names what is wrong. */
  own(file: string): Promise<Exercise>;
}

/**
 * The parts of an audit. `cli/audit.ts` puts the real ones in; tests have their own.
 * @typeParam K what the parts know of a kernel
 */
export interface AuditParts<K extends AuditedKernel> {
  /**
   * Makes a kernel ready: its modules, and where guests are asked for all that they need.
   * @throws DmraceError (usage) for a bad specification; (inconclusive) for a kernel without modules;
   *   (environment) when it cannot be had
   */
  kernel(work: Work, request: KernelRequest, stages: Stages): Promise<K>;
  readonly exercises: Exercises;
  /** Reads the files of all modules, or of those that are named, and of `files`. */
  static(
    work: Work,
    kernel: K,
    only: { readonly modules: readonly string[] | null; readonly files: readonly string[] },
  ): Promise<StaticReading>;
  /**
   * Visits modules in guests: planted ones first, in the same guests. Ends when all are done; throws
   * work.signal's reason soon after an interrupt, with every guest ended.
   */
  live(work: Work, request: LiveRequest<K>): AsyncIterable<LiveEvent>;
}
