// SPDX-License-Identifier: MIT
import { type Command, Option } from 'commander';
import { cosmiconfig } from 'cosmiconfig';
import { z } from 'zod';
import { MOST_CPUS } from '../model/cpus.js';
import { DmraceError, headlineOf } from '../model/errors.js';
import { ARCHES } from '../model/kernel.js';
import { ASKED_PLACEMENTS } from '../model/placement.js';
import { STOP_WORDS } from '../model/stop-rule.js';
import { FORMAT_NAMES } from '../report/formats.js';
import { PATIENCE_LIMITS } from '../util/patience.js';

/** Words for `--accel`. */
export const ACCELS = ['auto', 'kvm', 'tcg'] as const;

/** A whole number, as a JSON number or as the text of a flag or a variable. */
export const whole = (minimum: number, maximum = 0xffff_ffff) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/, 'not a whole number').transform(Number)])
    .pipe(z.int().min(minimum).max(maximum));

const UNIT_MS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };

/** A time in whole seconds, or with its unit: 90, 90s, 15m, 2h; in ms. A day at most. */
const Duration = z
  .union([z.number().transform(String), z.string()])
  .transform((text) => {
    const [, amount, unit = ''] = /^(\d+)([smh]?)$/.exec(text) ?? [];
    return amount === undefined ? Number.NaN : Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  })
  .pipe(z.int('give seconds, or 90s, 15m, 2h').min(1000).max(86_400_000));

/** What every deadline is multiplied by. */
export const Patience = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d+(\.\d+)?$/, 'not a number')
      .transform(Number),
  ])
  .pipe(z.number().min(PATIENCE_LIMITS.least).max(PATIENCE_LIMITS.most));

/** The flag's words, the same for every command. */
export const PATIENCE_FLAG = '--patience <factor>';
export const PATIENCE_TEXT = `multiply every deadline, ${PATIENCE_LIMITS.least} to ${PATIENCE_LIMITS.most}: for slow machines (default: 1)`;

/** The words of --patch, the same for every command. */
export const patchOption = (): Option =>
  new Option(
    '--patch <file>',
    'apply to the kernel’s sources: a mail, mbox, b4 series or diff; repeat it (docs/patches.md)',
  )
    .argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
    .env('DMRACE_PATCH');

/** The same for every command that builds kernels. */
export const ALL_MODULES_FLAG = '--all-modules';
export const ALL_MODULES_TEXT =
  'with --config: build all of its modules, not only those that the race needs';

/** The options of `dmrace run`, wherever they come from: flags, DMRACE_*, dmrace.config.json. `trials` and `duration` are the scenario's when absent. */
export const RunOptions = z.strictObject({
  kernel: z.string().default('debian'),
  profile: z.string().optional(),
  config: z.string().optional(),
  patch: z.union([z.array(z.string()), z.string().transform((file) => [file])]).optional(),
  allModules: z.boolean().default(false),
  arch: z.enum(ARCHES).optional(),
  scenario: z.string().default('release'),
  placement: z.enum([...ASKED_PLACEMENTS, 'both', 'all']).optional(),
  trials: whole(1).optional(),
  duration: Duration.optional(),
  seed: whole(0).default(1),
  jobs: z.union([z.literal('auto'), whole(1)]).default('auto'),
  stopOn: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
    .pipe(z.array(z.enum(STOP_WORDS)))
    .optional(),
  shard: z.string().optional(),
  resume: z.string().optional(),
  accel: z.enum(ACCELS).default('auto'),
  out: z.string().optional(),
  known: z.string().optional(),
  format: z.enum(FORMAT_NAMES).default(FORMAT_NAMES[0]),
  patience: Patience.default(1),
  deterministic: z.boolean().default(false),
  dump: z.boolean().default(false),
  compare: z.boolean().default(false),
  cpus: whole(1, MOST_CPUS).optional(),
  quiet: z.boolean().default(false),
});
export type RunOptions = z.infer<typeof RunOptions>;

/** @throws DmraceError (usage) for several processors in a run whose order must be the same. */
export function refuseSeveral({ deterministic, cpus }: RunOptions): void {
  if (!deterministic || cpus === undefined || cpus === 1) return;
  throw new DmraceError('usage', {
    observed: `--deterministic with --cpus ${cpus}: several processors run side by side, in an order of the host’s`,
    limit: '1',
    action: 'leave one of them out',
  });
}

/** The words of an option's name in code: stopOn is --stop-on and DMRACE_STOP_ON. */
const words = (name: string): string[] =>
  name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(' ');

/** An option's name on the command line and in words: `stop-on`. */
export const flagName = (name: keyof RunOptions): string => words(name).join('-');

/** @throws DmraceError (usage) when instructions are to be counted where that cannot be. */
export function refuseKvm(options: { deterministic: boolean; accel: string }): void {
  if (!options.deterministic || options.accel !== 'kvm') return;
  throw new DmraceError('usage', {
    observed: '--deterministic with --accel kvm: KVM runs on the host’s clock',
    action: 'leave --accel out, or give --accel tcg',
  });
}

/** Reads dmrace.config.json of this folder; absent is empty. @throws DmraceError (usage). */
async function configFile(): Promise<Record<string, unknown>> {
  const explorer = cosmiconfig('dmrace', {
    searchPlaces: ['dmrace.config.json'],
    searchStrategy: 'none',
  });
  try {
    const found = await explorer.search();
    if (!found || found.isEmpty) return {};
    return z.record(z.string(), z.unknown()).parse(found.config);
  } catch (error) {
    throw new DmraceError('usage', {
      observed: `dmrace.config.json cannot be read: ${headlineOf(error)}`,
      artefact: 'dmrace.config.json',
      action: 'mend it: one JSON object with the names of the flags',
    });
  }
}

/** Options as they count, and the names of those that somebody gave, by whichever way. */
export interface GivenOptions {
  readonly options: RunOptions;
  readonly given: ReadonlySet<keyof RunOptions>;
}

/** The options of a command, see {@link givenOptions}. @throws DmraceError (usage). */
export const runOptions = async (command: Command): Promise<RunOptions> =>
  (await givenOptions(command)).options;

/** The options of `dmrace run` and its like. @throws DmraceError as {@link optionsBy} does. */
export async function givenOptions(command: Command): Promise<GivenOptions> {
  const { options, given } = await optionsBy(RunOptions, command);
  const names = RunOptions.keyof().options.filter((name) => given.has(name));
  return { options, given: new Set(names) };
}

/**
 * The options of a command: flags win over DMRACE_* variables (commander reads both), those over
 * the configuration file, that over defaults.
 * @param ofOthers keys of the configuration file that only other commands have
 * @returns the options, and the names of those that somebody gave
 * @throws DmraceError (usage) that names every bad value and where it came from.
 */
export async function optionsBy<S extends z.ZodObject>(
  schema: S,
  command: Command,
  ofOthers: readonly string[] = [],
): Promise<{ readonly options: z.output<S>; readonly given: ReadonlySet<string> }> {
  const given = Object.fromEntries(
    Object.entries(command.opts<Record<string, unknown>>()).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const file = Object.fromEntries(
    Object.entries(await configFile()).filter(
      ([name]) => name in schema.shape || !ofOthers.includes(name),
    ),
  );
  const all = { ...file, ...given };
  const parsed = schema.safeParse(all);
  if (parsed.success) {
    const names = Object.keys(schema.shape).filter((name) => all[name] !== undefined);
    return { options: parsed.data, given: new Set(names) };
  }
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? (issue.code === 'unrecognized_keys' ? issue.keys[0] : ''));
    const from = command.getOptionValueSource(name);
    const source =
      from === 'env'
        ? `DMRACE_${words(name).join('_').toUpperCase()}`
        : from === 'cli'
          ? `--${words(name).join('-')}`
          : `dmrace.config.json: ${name}`;
    return `${source} ${JSON.stringify(given[name] ?? file[name])}: ${issue.message}`;
  });
  throw new DmraceError('usage', {
    observed: problems.join('; '),
    action: `see dmrace ${command.name()} --help for what is allowed`,
  });
}
