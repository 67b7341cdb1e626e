// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** Single values, in the order in which they were measured; what is shown is their median. */
const Times = z.array(z.number()).min(1);

/** Where the time of a boot went, each in ms; they add up to `ready`. */
export const BootTimes = z.strictObject({
  qemu: z.number(),
  firmware: z.number(),
  decompression: z.number(),
  kernel: z.number(),
  userspace: z.number(),
  ready: z.number(),
});
export type BootTimes = z.infer<typeof BootTimes>;

const Machine = z.strictObject({
  measuredAt: z.string(),
  commit: z.string(),
  cpu: z.string(),
  cores: z.number(),
  memoryMiB: z.number(),
  system: z.string(),
  node: z.string(),
  qemu: z.string(),
  accel: z.string(),
  /** One-minute load average when the bench began: above 0.3 others were at work. */
  load: z.number(),
});

/** What one program did when the kernel it had booted oopsed. */
const Oopsed = z.strictObject({
  program: z.string(),
  exitCode: z.number().nullable(),
  seconds: z.number(),
  said: z.string(),
});
export type Oopsed = z.infer<typeof Oopsed>;

/** bench/results.json: docs/performance.md is made of it. Each part can be measured by itself. */
export const Results = z.strictObject({
  machine: Machine,
  start: z.strictObject({ warmMs: Times }).optional(),
  startup: z
    .strictObject({ nodeMs: Times, versionMs: Times, scanMs: Times, judgeMs: Times })
    .optional(),
  fresh: z
    .strictObject({
      suite: z.string(),
      load: z.number(),
      /** Of the run itself, by the names of its stages, in ms. */
      stages: z.record(z.string(), z.number()),
      npmS: z.number(),
      buildS: z.number(),
      totalS: z.number(),
      /** The same for another commit in the same minutes; see `--than`. */
      than: z.strictObject({ commit: z.string(), totalS: z.number() }).optional(),
    })
    .optional(),
  trial: z
    .strictObject({
      qemuMs: Times,
      loadMs: Times,
      restoredMs: Times,
      bootedMs: Times,
      bootCount: z.number(),
    })
    .optional(),
  campaign: z
    .strictObject({
      trials: z.number(),
      jobs: z.number(),
      seconds: z.number(),
      trialMs: z.number(),
      lost: z.number(),
      verdict: z.string(),
      ownCpuS: z.number(),
      runCpuS: z.number(),
      /** [seconds since the start, MiB], once a second. */
      rssMiB: z.array(z.tuple([z.number(), z.number()])),
    })
    .optional(),
  boot: z.strictObject({ stock: z.array(BootTimes), base: z.array(BootTimes) }).optional(),
  others: z
    .strictObject({
      kernel: z.string(),
      virtme: z.string(),
      virtmeMs: Times,
      rawMs: Times,
      bootedMs: Times,
      restoredMs: Times,
      oopsed: z.array(Oopsed),
    })
    .optional(),
});
export type Results = z.infer<typeof Results>;

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(
    Math.ceil(middle) - 1,
    Math.floor(middle) + 1,
  );
  return (low + high) / 2;
}
