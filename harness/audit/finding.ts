// SPDX-License-Identifier: MIT
import type { Confidence, GonePlace, Holder, Proof } from '../model/audit.js';
import type { DocumentationPage } from './documentation.js';
import type { Blamed } from './identify.js';

/** How often something crashed, in fresh VMs. */
export interface Times {
  readonly times: number;
  readonly of: number;
}

/** A module of which something outlives it, in a finding. */
export interface FindingModule {
  /** The module that was visited, or whose file was read. */
  readonly module: string;
  /** The surest word for this module. */
  readonly word: Confidence;
  /** What outlived it, such as a sysfs path; the member or import of a static sign. */
  readonly what: string;
  /** What of the unloaded module it points to; null for static signs. */
  readonly place: GonePlace | null;
  readonly holder: Holder | null;
  /** The exercise that showed it; null where the module was only loaded, or its file read. */
  readonly exercise: string | null;
  /** Crashes with a module of ours in the kernel, and on the untouched kernel; null where none. */
  readonly helped: Times | null;
  readonly untainted: Times | null;
  /** Of the visits of this module, in how many it was seen. */
  readonly seen: Times | null;
  /** What the file of the module says of the same. */
  readonly signs: readonly string[];
  /** Reference of the known-issues entry that covers it. */
  readonly known?: string;
}

/** One thing at fault, with every module that it was seen in. */
export interface AuditFinding extends Blamed {
  /** Stable over runs, kernels and builds: see identify.ts. */
  readonly id: string;
  /** One line for people. */
  readonly title: string;
  /** The surest word of its modules. */
  readonly word: Confidence;
  /** Modules, surest first. */
  readonly modules: readonly FindingModule[];
  /** The best proof: on the untouched kernel before any other. */
  readonly proof: Proof | null;
  /** Where it lies: of the best proof, else of the surest observation. */
  readonly place: GonePlace | null;
  /** The address that crashed, as it is named in the unloaded module; null without a proof. */
  readonly address: string | null;
  /** The likeliest holder that was seen. */
  readonly holder: Holder | null;
  /** Who would have to hold what, and whether the kernel has such a holder; one sentence. */
  readonly needs: string;
  readonly documentation: DocumentationPage | null;
  /** Releases of the kernels that it was seen on. */
  readonly kernels: readonly string[];
}
