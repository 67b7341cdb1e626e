// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** A dump's name in its trial's folder. */
export const DUMP_FILE = 'vmcore';
/** What `crash -i` and `drgn` are given beside it, made for this dump. */
export const CRASH_COMMANDS = 'crash.cmd';
export const DRGN_SCRIPT = 'drgn.py';

/** How many dumps of each distinct crash a run keeps, and how many bytes of dumps in all. */
export const DUMP_LIMITS = { each: 3, bytes: 1024 ** 3 } as const;

/**
 * When the guest's memory was written. `death`: the crashed task's report was complete, and the task
 * had not been taken apart yet, so its stack is whole. `end`: the trial had ended.
 */
export const DUMP_MOMENTS = ['death', 'end'] as const;

/** What became of the dump of a trial that was to have one. */
export const Dump = z.discriminatedUnion('kept', [
  z.strictObject({
    kept: z.literal(true),
    file: z.literal(DUMP_FILE),
    /** As ls -l counts: with the holes of memory that holds zeros only. */
    bytes: z.int().positive(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    at: z.enum(DUMP_MOMENTS),
    /** The task that crashed, where the dump was taken at its death; lower-case hex without 0x. */
    task: z
      .strictObject({
        pid: z.int().nonnegative().nullable(),
        pc: z.string(),
        sp: z.string(),
      })
      .optional(),
    /** What of the dump is not as it should be, in words. */
    lacks: z.string().optional(),
  }),
  z.strictObject({
    kept: z.literal(false),
    why: z.string(),
    /** It could not be had; else the run’s limits left it out. */
    failed: z.literal(true).optional(),
  }),
]);
export type Dump = z.infer<typeof Dump>;

/** A dump that is there. */
export type KeptDump = Extract<Dump, { kept: true }>;

/** A claim that was granted, or why it was not. */
export type Claim =
  | { readonly granted: true; readonly give: () => void }
  | { readonly granted: false; readonly why: string };

const MIB = 1024 ** 2;

/**
 * What a run may still dump: so many of each distinct crash, so many bytes in all. A claim is granted
 * before the dump is taken, because trials run side by side.
 */
export class DumpBudget {
  readonly #each = new Map<string, number>();
  #bytes = 0;

  constructor(readonly limits: { readonly each: number; readonly bytes: number } = DUMP_LIMITS) {}

  /**
   * @param crash what tells this crash from others: the same words are the same crash
   * @param bytes of the dump, as its file will have
   */
  claim(crash: string, bytes: number): Claim {
    const before = this.#each.get(crash) ?? 0;
    if (before >= this.limits.each) {
      return { granted: false, why: `there are ${before} dumps of this crash already` };
    }
    if (this.#bytes + bytes > this.limits.bytes) {
      return {
        granted: false,
        why: `the run has ${Math.round(this.#bytes / MIB)} MiB of dumps, this one has ${Math.round(bytes / MIB)} (limit: ${Math.round(this.limits.bytes / MIB)} MiB)`,
      };
    }
    this.#each.set(crash, before + 1);
    this.#bytes += bytes;
    let held = true;
    return {
      granted: true,
      give: () => {
        if (!held) return;
        held = false;
        this.#each.set(crash, (this.#each.get(crash) ?? 1) - 1);
        this.#bytes -= bytes;
      },
    };
  }
}
