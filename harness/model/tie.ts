// SPDX-License-Identifier: MIT
import { z } from 'zod';

/**
 * What ties a trial to its run: noted with every trial when it has run, sealed with it, and compared
 * with run.json when the run is read. All of it names what was really booted.
 */
export const TrialTie = z.strictObject({
  /** The run's own name: new for every folder. */
  run: z.string(),
  /** uname -r, and the package or tree. */
  release: z.string(),
  version: z.string(),
  imageSha256: z.string(),
  /** First line of `qemu-system-ARCH --version`. */
  qemu: z.string(),
  /** Name of the initramfs in the cache, made from all that is in it. */
  guest: z.string(),
});
export type TrialTie = z.infer<typeof TrialTie>;
