// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import type { TrialPlan } from '../model/trial.js';

/** One of several runs that a campaign is split into; `number` counts from 1. */
export const Shard = z
  .strictObject({ number: z.int().positive(), of: z.int().positive() })
  .refine(({ number, of }) => number <= of, 'more than there are');
export type Shard = z.infer<typeof Shard>;

/** Variables, as a process has them. */
type Env = Readonly<Record<string, string | undefined>>;

/** How an engine tells each of the jobs that it starts for one script which one it is. */
interface Engine {
  /** The variable with the job's number; an engine without it is not there. */
  readonly index: string;
  /** The number that the first job has, or the variable that holds it. */
  readonly first: number | string;
  /** The variable with how far one number is from the next; absent, or not set: 1. */
  readonly step?: string;
  /** The variable with how many jobs there are; null where the engine does not say. */
  readonly count: string | null;
}

/**
 * The engines that `index/N` knows. Kubernetes: "Indexed Job for parallel processing with static work
 * assignment". Slurm: sbatch(1), "OUTPUT ENVIRONMENT VARIABLES". GitLab: "Predefined CI/CD variables".
 */
export const ENGINES = {
  kubernetes: { index: 'JOB_COMPLETION_INDEX', first: 0, count: null },
  slurm: {
    index: 'SLURM_ARRAY_TASK_ID',
    first: 'SLURM_ARRAY_TASK_MIN',
    step: 'SLURM_ARRAY_TASK_STEP',
    count: 'SLURM_ARRAY_TASK_COUNT',
  },
  gitlab: { index: 'CI_NODE_INDEX', first: 1, count: 'CI_NODE_TOTAL' },
} as const satisfies Readonly<Record<string, Engine>>;
/** See {@link ENGINES}. */
export type EngineName = keyof typeof ENGINES;
const ENGINE_NAMES = Object.keys(ENGINES) as EngineName[];

/**
 * The shard of `--shard K/N`, K from 1. `index/N` takes K from the engine that has started this
 * program (Kubernetes' indexed jobs, Slurm's arrays, GitLab's `parallel`), `slurm/N` from that one.
 * Without the flag DMRACE_SHARDS (N) means `index/N`. Null: the run is not split.
 * @throws DmraceError (usage) when it is no shard, when no engine or more than one has a number, and
 *   when an engine's count of jobs is not N.
 */
export function shardOf(flag: string | undefined, env: Env): Shard | null {
  const count = env.DMRACE_SHARDS;
  const text = flag ?? (count === undefined ? undefined : `index/${count}`);
  if (text === undefined) return null;
  const asked = flag === undefined ? `DMRACE_SHARDS=${count}` : `--shard ${text}`;
  const [, word = '', of = ''] = /^([a-z]+|\d+)\/(\d+)$/.exec(text) ?? [];
  if (/^\d+$/.test(word)) return checked(Number(word), Number(of), asked);
  if (word === 'index') return engineShard(theEngine(asked, of, env), asked, Number(of), env);
  const name = ENGINE_NAMES.find((known) => known === word);
  if (name) return engineShard(name, asked, Number(of), env);
  return refused(asked, `give K/N with K from 1 to N, index/N, or one of ${named('N')}`);
}

const named = (of: string): string => ENGINE_NAMES.map((name) => `${name}/${of}`).join(', ');

/** The one engine that has given this process a number. @throws DmraceError (usage) */
function theEngine(asked: string, of: string, env: Env): EngineName {
  const there = ENGINE_NAMES.filter((name) => env[ENGINES[name].index] !== undefined);
  const [only, second] = there;
  const variables = (names: readonly EngineName[]): string[] =>
    names.map((name) => ENGINES[name].index);
  if (only === undefined) {
    return refused(
      `${asked} with none of ${variables(ENGINE_NAMES).join(', ')}`,
      'start it as one of several jobs of Kubernetes, Slurm or GitLab, or give K/N',
    );
  }
  if (second === undefined) return only;
  const set = variables(there).map((name) => `${name}=${env[name]}`);
  return refused(
    `${asked} with ${set.join(' and ')}`,
    `name the one that counts: ${there.map((name) => `--shard ${name}/${of}`).join(' or ')}`,
  );
}

/** The shard of a job, by the variables of its engine. @throws DmraceError (usage) */
function engineShard(name: EngineName, asked: string, of: number, env: Env): Shard {
  const engine: Engine = ENGINES[name];
  const read = (variable: string): number => {
    const text = env[variable];
    if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
    const fact = text === undefined ? `${variable} not set` : `${variable}=${text}`;
    return refused(`${asked} with ${fact}`, `run it as a job of ${name}, or give K/N`);
  };
  const index = read(engine.index);
  const first = typeof engine.first === 'number' ? engine.first : read(engine.first);
  const stepped = engine.step !== undefined && env[engine.step] !== undefined;
  const step = stepped ? Math.max(1, read(engine.step ?? '')) : 1;
  const facts = [engine.index, engine.first, ...(stepped ? [engine.step] : [])]
    .filter((variable) => typeof variable === 'string')
    .map((variable) => `${variable}=${env[variable]}`)
    .join(', ');
  const jobs = engine.count === null ? of : read(engine.count);
  if (jobs !== of) {
    return refused(
      `${asked} with ${engine.count}=${jobs}`,
      `let ${name} start ${of} jobs, or give the shard that this one is: K/${of}`,
    );
  }
  return checked((index - first) / step + 1, of, `${asked} with ${facts}`);
}

function checked(number: number, of: number, asked: string): Shard {
  const shard = Shard.safeParse({ number, of });
  if (shard.success) return shard.data;
  return refused(asked, 'give K/N with K from 1 to N, or index/N in a job that has a number');
}

function refused(asked: string, action: string): never {
  throw new DmraceError('usage', { observed: `${asked} is no shard`, action });
}

/** Whether a trial is a shard's: all placements of an index go together. */
export const isMine = (plan: Pick<TrialPlan, 'index'>, shard: Shard | null): boolean =>
  shard === null || plan.index % shard.of === shard.number - 1;

/** How many of `trials` indices are a shard's: what its own verdict asks for. */
export function shareOf(trials: number, shard: Shard | null): number {
  if (shard === null) return trials;
  return Math.max(0, Math.ceil((trials - (shard.number - 1)) / shard.of));
}
