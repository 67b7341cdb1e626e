// SPDX-License-Identifier: MIT
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { DmraceError } from '../model/errors.js';
import { openLog } from '../util/log-file.js';
import { tieGroup } from '../util/process-group.js';
import type { Work } from '../util/work.js';

/** A run of make whose end is waited for and whose steps are counted. */
export interface MakeRun {
  readonly arguments: readonly string[];
  /** Everything make says is kept here; replaced at each run. */
  readonly log: string;
  /** Steps of runs of make before this one that belong to the same build. */
  readonly doneSteps?: number;
  /** How many steps the whole build will take; null when nothing is known. */
  readonly expected: Expected | null;
  /** What does not build, for the error. */
  readonly what: string;
}

/** What is known of the length of a build before it begins. */
export interface Expected {
  readonly steps: number;
  /** `about`: what make says it would do; `at most`: a build from nothing took as many. */
  readonly how: 'about' | 'at most';
}

/** A step of kbuild as it prints it: two blanks, a short name, a path (scripts/Kbuild.include). */
const STEP = /^ {2}([A-Z][A-Z0-9+_.]*)(?: \[M\])? +(\S+)/;
/** What make says of itself while it fails, around the lines that say why. */
const MAKES_OWN = /^make(\[\d+\])?: (Entering directory|Leaving directory|\*\*\* Waiting for)/;
/** Progress is told so often. */
const PROGRESS_MS = 2_000;
/** Lines that an error shows: what compilers and make said, without the steps. */
const TAIL = 20;

/** Counted steps against what is expected, for people. Exported for its test. */
export function progressLine(steps: number, expected: Expected | null, last: string): string {
  if (expected === null) return `${steps} files done, last ${last}`;
  const of = Math.max(expected.steps, steps);
  const share = expected.how === 'about' ? ` (${Math.floor((100 * steps) / of)} %)` : '';
  return `${steps} of ${expected.how} ${of} files done${share}, last ${last}`;
}

/**
 * ccache's depend mode, unless the user has chosen: a file that is not in the cache costs no second
 * run of the preprocessor (1.25 s of CPU instead of 1.6 s for fs/open.o with ccache 4.7.5), at the
 * price that a file is found only when all its headers are the same. Exported for its test.
 */
export function cheapMisses(given: Readonly<NodeJS.ProcessEnv>): Record<string, string> {
  const chosen = 'CCACHE_DEPEND' in given || 'CCACHE_NODEPEND' in given;
  return chosen ? {} : { CCACHE_DEPEND: '1' };
}

/**
 * How kbuild's recipes print a step: `echo '  CC      a.o';` (scripts/Kbuild.include, since 2.6).
 */
const DRY_STEP = /\becho '? {2}[A-Z][A-Z0-9+_.]*/;

/**
 * Counts the steps that make has still to do, by `make -n -k`, which prints the recipes and runs
 * none but those of the makes below it. Of base on 6.12 it finds 1151 of 1138 in 3 s: a few are
 * found twice, and what is made of a file that is not there yet is not found.
 * @returns null when it finds none: then nothing is known.
 */
export async function countSteps(
  args: readonly string[],
  signal: AbortSignal,
): Promise<number | null> {
  signal.throwIfAborted();
  const make = execa('make', ['-n', '-k', ...args], {
    reject: false, // a file that a step would have made is missing
    stdin: 'ignore',
    stderr: 'ignore',
    buffer: false,
    detached: true,
    env: { LC_ALL: 'C' },
  });
  let steps = 0;
  createInterface({ input: make.stdout }).on('line', (line) => {
    if (DRY_STEP.test(line)) steps++;
  });
  {
    await using _tied = tieGroup(make.pid, signal);
    await make;
  }
  signal.throwIfAborted();
  return steps > 0 ? steps : null;
}

/**
 * Runs make with progress.
 * @returns the number of steps it took.
 * @throws DmraceError (inconclusive) with the last 20 lines and the log's path when it fails;
 *   AbortError after an interrupt: make then removes half-written targets, and the next run goes
 *   on.
 */
export async function runMake(work: Pick<Work, 'say' | 'signal'>, run: MakeRun): Promise<number> {
  const { say, signal } = work;
  signal.throwIfAborted();
  const log = openLog(run.log);
  const tail: string[] = [];
  let steps = 0;
  let told = Date.now();
  const make = execa('make', [...run.arguments], {
    reject: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    detached: true,
    env: { LC_ALL: 'C', ...cheapMisses(process.env) },
  });
  const lines = createInterface({ input: make.all });
  lines.on('line', (line) => {
    log.write(`${line}\n`);
    const step = STEP.exec(line);
    if (!step) {
      // Other jobs go on for a while after an error: their steps would push it out.
      if (!MAKES_OWN.test(line)) tail.push(line);
      if (tail.length > TAIL) tail.shift();
      return;
    }
    steps++;
    if (Date.now() - told < PROGRESS_MS) return;
    told = Date.now();
    say(progressLine((run.doneSteps ?? 0) + steps, run.expected, step[2] ?? ''));
  });
  const result = await (async () => {
    await using _tied = tieGroup(make.pid, signal);
    return await make;
  })();
  await log.close();
  if (signal.aborted) {
    say(`interrupted after ${steps} steps, which are kept: the same command goes on from there`);
  }
  signal.throwIfAborted();
  if (!result.failed) return steps;
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new DmraceError('environment', {
      observed: `make cannot be run: ${result.originalMessage ?? result.shortMessage}`,
      action: 'run dmrace doctor --fix --kernels',
    });
  }
  const said = tail.join('\n    ');
  const full = /No space left on device/.test(said);
  throw new DmraceError(full ? 'environment' : 'inconclusive', {
    observed: `${run.what} does not build (${result.signal ?? `make: exit code ${result.exitCode}`}); its last lines:\n    ${said}`,
    artefact: run.log,
    action: full ? 'free some disk space' : 'see the whole log; git bisect skips such a commit',
  });
}
