// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** What a soak did, by its last record. */
export const ChurnTally = z.object({
  /** Lives of the device and of dm_mod, from create to the module's being loaded again. */
  cycles: z.int().nonnegative(),
  cyclesPerSecond: z.number().nonnegative(),
  /** Sysfs attributes that the readers read. */
  reads: z.int().nonnegative(),
  /** How often a removal or an unload was busy and tried again. */
  busy: z.int().nonnegative(),
  /** How often dm_mod was loaded at another place than before. */
  moves: z.int().nonnegative(),
  /** On the guest's clock. */
  elapsedMs: z.int().nonnegative(),
  /** What it was at: start, create, reload, suspend, resume, read, remove, unload or load. */
  phase: z.string(),
  /** Its time was over and its last cycle done; false when it was cut short. */
  over: z.boolean(),
});
export type ChurnTally = z.infer<typeof ChurnTally>;
