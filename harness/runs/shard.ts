// SPDX-License-Identifier: GPL-2.0-only
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import type { TrialPlan } from '../model/trial.js';

/** One of several runs that a campaign is split into; `number` counts from 1. */
export const Shard = z
  .strictObject({ number: z.int().positive(), of: z.int().positive() })
  .refine(({ number, of }) => number <= of, 'more than there are');
export type Shard = z.infer<typeof Shard>;

/**
 * The shard of `--shard K/N`, K from 1. `index/N` takes K from JOB_COMPLETION_INDEX, which counts
 * from 0 (Kubernetes, indexed jobs). Without the flag both JOB_COMPLETION_INDEX and DMRACE_SHARDS
 * (N) have to be there. Null: the run is not split.
 * @throws DmraceError (usage) when it is no shard.
 */
export function shardOf(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Shard | null {
  const index = env.JOB_COMPLETION_INDEX;
  const count = env.DMRACE_SHARDS;
  const text = flag ?? (index !== undefined && count !== undefined ? `index/${count}` : undefined);
  if (text === undefined) return null;
  const [, word = '', of = ''] = /^(index|\d+)\/(\d+)$/.exec(text) ?? [];
  const number =
    word === 'index' ? (/^\d+$/.test(index ?? '') ? Number(index) + 1 : 0) : Number(word);
  const shard = Shard.safeParse({ number, of: Number(of) });
  if (shard.success) return shard.data;
  const from = word === 'index' ? ` with JOB_COMPLETION_INDEX=${index ?? '(not set)'}` : '';
  throw new DmraceError('usage', {
    observed: `--shard ${text}${from} is no shard`,
    action: 'give K/N with K from 1 to N, or index/N in an indexed job',
  });
}

/** Whether a trial is a shard's: all placements of an index go together. */
export const isMine = (plan: Pick<TrialPlan, 'index'>, shard: Shard | null): boolean =>
  shard === null || plan.index % shard.of === shard.number - 1;

/** How many of `trials` indices are a shard's: what its own verdict asks for. */
export function shareOf(trials: number, shard: Shard | null): number {
  if (shard === null) return trials;
  return Math.max(0, Math.ceil((trials - (shard.number - 1)) / shard.of));
}
