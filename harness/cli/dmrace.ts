// SPDX-License-Identifier: MIT
import { Command, CommanderError } from 'commander';
import { DmraceError } from '../model/errors.js';
import { EXIT, INTERRUPTED } from '../model/exit-codes.js';
import { explainSystem } from '../util/io.js';
import { withSbin } from '../util/sbin.js';
import { version } from '../util/version.js';
import { inDocker } from './docker/index.js';
import { guardStreams, out, say, settled } from './streams.js';

export { servedByDocker } from './docker/index.js';

/** For `npm start`; see cli/ahead.ts. */
export const downloadAhead = async (argv: readonly string[], signal: AbortSignal): Promise<void> =>
  (await import('./ahead.js')).downloadAhead(argv, signal);

/** How a command's definition is made. */
type Make = (signal: AbortSignal, exit: (code: number) => void) => Promise<Command>;

/**
 * The commands, in the order of the help. Each is loaded when it is named: together they read most
 * of the program, which takes several times as long as starting Node.
 */
const COMMANDS: Readonly<Record<string, Make>> = {
  run: async (signal, exit) => (await import('./run.js')).runCommand(signal, exit),
  matrix: async (signal, exit) => (await import('./matrix.js')).matrixCommand(signal, exit),
  sweep: async (signal, exit) => (await import('./sweep.js')).sweepCommand(signal, exit),
  replay: async (signal, exit) => (await import('./replay.js')).replayCommand(signal, exit),
  judge: async (_, exit) => {
    // Set before schemas are made: compiling them takes longer than reading a thousand trials without.
    (await import('zod')).config({ jitless: true });
    return (await import('./judge.js')).judgeCommand(exit);
  },
  report: async (_, exit) => (await import('./report.js')).reportCommand(exit),
  merge: async (_, exit) => (await import('./merge.js')).mergeCommand(exit),
  scan: async (_, exit) => (await import('./scan.js')).scanCommand(undefined, exit),
  kernel: async (signal) => (await import('./kernel.js')).kernelCommand(signal),
  doctor: async (signal, exit) => (await import('./doctor.js')).doctorCommand(signal, exit),
};

/**
 * The commands with their options: what help, completions and the man page are made from.
 * @param only the one that is to be carried out, if it is known; `--version`; all otherwise
 */
export async function commandTree(
  signal: AbortSignal,
  exit: (code: number) => void,
  only?: string,
): Promise<Command> {
  const program = new Command('dmrace')
    .addHelpText('after', '\nExamples:\n  dmrace run\n  dmrace doctor --fix\n  dmrace help run')
    .version(version())
    .option('--docker', 'what boots or builds, and doctor: in a container; see docs/docker.md')
    .option('--suite <name>', 'with --docker: in that Debian suite, with its compiler')
    .option('--no-docker', 'never in a container, also where this machine cannot serve');
  if (only === '--version' || only === '-V') return program;
  const one = only === undefined || !Object.hasOwn(COMMANDS, only) ? undefined : COMMANDS[only];
  if (one) return program.addCommand(await one(signal, exit));
  const { SUSPECTS } = await import('../suspects/index.js');
  program.description(SUSPECTS.dm_mod.words.program);
  for (const make of Object.values(COMMANDS)) program.addCommand(await make(signal, exit));
  (await import('./completions.js')).addCompletions(program);
  return program;
}

/**
 * The whole command line; returns the exit code and never throws. A result that stdout could not
 * take was not given: that is a failure of the environment, whatever the result was.
 */
export async function dmrace(argv: readonly string[], signal: AbortSignal): Promise<number> {
  guardStreams();
  process.env.PATH = withSbin(process.env.PATH);
  const code = await worked(argv, signal);
  const end = await settled(signal);
  if (end === 'told') return code;
  if (end === 'interrupted') return INTERRUPTED;
  say(`dmrace: the result cannot be printed: ${end.lost}\n  free some space, or print elsewhere\n`);
  return code === INTERRUPTED ? code : EXIT.environment;
}

async function worked(argv: readonly string[], signal: AbortSignal): Promise<number> {
  let code = 0;
  const exit = (value: number): void => {
    code = value;
  };
  try {
    const outcome = await inDocker(argv, signal);
    if ('code' in outcome) return outcome.code;
    const program = await commandTree(signal, exit, outcome.argv[0]);
    overrideExit(program);
    await program.parseAsync([...outcome.argv], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, signal);
  }
}

function overrideExit(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: out, writeErr: say });
  for (const child of command.commands) overrideExit(child);
}

function explain(error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (signal.aborted) {
    say('dmrace: interrupted\n');
    return INTERRUPTED;
  }
  const known = explainSystem(error);
  if (known instanceof DmraceError) {
    say(`dmrace: ${known.message}\n`);
    return EXIT[known.code];
  }
  say(
    `dmrace: a mistake in dmrace itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.environment;
}
