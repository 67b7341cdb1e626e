// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { ARCHES } from './kernel.js';
import { PatchIdentity } from './patch.js';
import { METHOD_HOMES } from './placement.js';

/** What a run says of the kernel it booted. */
export const KernelIdentity = z.strictObject({
  spec: z.string(),
  /** uname -r. */
  release: z.string(),
  arch: z.enum(ARCHES),
  /** How the kernel was made preemptible, e.g. `PREEMPT_DYNAMIC, booted with preempt=full`. */
  preempt: z.string(),
  configSha256: z.string(),
  /** Where the release method of the tree as it is lives, by nm of the suspect's module. */
  methodHome: z.enum(METHOD_HOMES).optional(),
  /** Package version or tree description. */
  version: z.string(),
  /** Of the booted image; absent in runs before 0.2. */
  imageSha256: z.string().optional(),
  /** How a self-built kernel was built. */
  build: z
    .strictObject({
      profiles: z.array(z.string()),
      /** --config, as given. */
      config: z.string().nullable(),
      /** Modules of --config that were left out; absent where all were built. */
      modulesLeftOut: z.int().nonnegative().optional(),
      /** git describe of the tree, with -dirty; null without git. */
      commit: z.string().nullable(),
      compiler: z.string(),
    })
    .optional(),
  /** The series of --patch on top of its sources, in order; absent without one. */
  patches: z.array(PatchIdentity).optional(),
});
export type KernelIdentity = z.infer<typeof KernelIdentity>;

/** Whether a kernel has all modules of the .config that it was built from. */
export const builtAll = (build: KernelIdentity['build']): boolean =>
  build !== undefined && build.config !== null && build.modulesLeftOut === undefined;
