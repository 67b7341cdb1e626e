// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { KernelIdentity } from './kernel-identity.js';
import { PROFILES } from './kernel-profile.js';

/** A kernel of a matrix: `--kernel SPEC`, or `--kernel src:PATH@PROFILE,PROFILE`. */
export interface MatrixKernel {
  /** As given, which is also its name in the table. */
  readonly given: string;
  readonly spec: string;
  /** For `--profile`; null for the default and for kernels that are not built here. */
  readonly profile: string | null;
}

/** Reads a kernel of a matrix. An `@` that no list of profiles follows is part of the path. */
export function parseMatrixKernel(given: string): MatrixKernel {
  const at = given.lastIndexOf('@');
  const profile = given.slice(at + 1);
  const names: readonly string[] = PROFILES;
  if (at > 0 && given.startsWith('src:') && profile.split(',').every((n) => names.includes(n))) {
    return { given, spec: given.slice(0, at), profile };
  }
  return { given, spec: given, profile: null };
}

/** One placement's trials in a cell. */
const Counts = z.strictObject({
  trials: z.int(),
  reached: z.int(),
  crashed: z.int(),
  lost: z.int(),
  tailCall: z.boolean().nullable(),
});

/** A kernel in a scenario. A `done` cell is kept as cell.json and not run again. */
export const MatrixCell = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('done'),
    kernel: z.string(),
    scenario: z.string(),
    identity: KernelIdentity,
    verdict: z.enum(['closed', 'open', 'inconclusive']),
    exitCode: z.int(),
    reasons: z.array(z.string()),
    placements: z.record(z.string(), Counts),
    /** Titles of the crashes, each once. */
    findings: z.array(z.string()),
    durationMs: z.number(),
    /** The run's folder, below the matrix's. */
    directory: z.string(),
  }),
  /** The kernel cannot run the scenario: no verdict was asked of it. */
  z.strictObject({
    state: z.literal('skipped'),
    kernel: z.string(),
    scenario: z.string(),
    identity: KernelIdentity,
    why: z.string(),
  }),
  /** The kernel could not be had, built or run; tried again the next time. */
  z.strictObject({
    state: z.literal('failed'),
    kernel: z.string(),
    scenario: z.string(),
    exitCode: z.int(),
    why: z.string(),
  }),
]);
export type MatrixCell = z.infer<typeof MatrixCell>;

/** Exit codes from the worst to the best: an environment that failed has hidden what was to be seen. */
const WORST_FIRST: readonly number[] = [130, 128, 129, 1, 125, 0];

/** The exit code of a matrix: the worst of its cells; skipped cells count only if there is no other. */
export function matrixExitCode(cells: readonly MatrixCell[]): number {
  const codes = cells.flatMap((cell) => (cell.state === 'skipped' ? [] : [cell.exitCode]));
  return WORST_FIRST.find((code) => codes.includes(code)) ?? (codes[0] === undefined ? 125 : 128);
}
