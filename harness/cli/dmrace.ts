// SPDX-License-Identifier: MIT
import { Command, CommanderError } from 'commander';
import { DmraceError } from '../model/errors.js';
import { EXIT, INTERRUPTED } from '../model/exit-codes.js';
import { SUSPECTS } from '../suspects/index.js';
import { withSbin } from '../util/host-tools.js';
import { explainSystem } from '../util/io.js';
import { version } from '../util/version.js';
import { auditCommand } from './audit.js';
import { addCompletions } from './completions.js';
import { inDocker } from './docker/index.js';
import { doctorCommand } from './doctor.js';
import { exportCommand } from './export.js';
import { judgeCommand } from './judge.js';
import { kernelCommand } from './kernel.js';
import { matrixCommand } from './matrix.js';
import { mergeCommand } from './merge.js';
import { replayCommand } from './replay.js';
import { reportCommand } from './report.js';
import { runCommand } from './run.js';
import { scanCommand } from './scan.js';
import { guardStreams, out, say, settled } from './streams.js';
import { sweepCommand } from './sweep.js';

/** What an audit's parts need is loaded when it is asked for: most commands have no use for it. */
const auditParts = async () => (await import('../campaign/audit/parts.js')).auditParts;

/** All commands with their options: what help, completions and the man page are made from. */
export function commandTree(signal: AbortSignal, exit: (code: number) => void): Command {
  const program = new Command('dmrace')
    .description(SUSPECTS.dm_mod.words.program)
    .addHelpText('after', '\nExamples:\n  dmrace run\n  dmrace doctor --fix\n  dmrace help run')
    .version(version())
    .option('--docker', 'what boots or builds, and doctor: in a container; see docs/docker.md')
    .option('--suite <name>', 'with --docker: in that Debian suite, with its compiler')
    .option('--no-docker', 'never in a container, also where this machine cannot serve');
  program.addCommand(runCommand(signal, exit));
  program.addCommand(auditCommand(signal, exit, auditParts));
  program.addCommand(matrixCommand(signal, exit));
  program.addCommand(sweepCommand(signal, exit));
  program.addCommand(replayCommand(signal, exit));
  program.addCommand(judgeCommand(exit));
  program.addCommand(reportCommand(exit));
  program.addCommand(mergeCommand(exit));
  program.addCommand(exportCommand(exit));
  program.addCommand(scanCommand(undefined, exit));
  program.addCommand(kernelCommand(signal));
  program.addCommand(doctorCommand(signal, exit));
  addCompletions(program);
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
  const program = commandTree(signal, exit);
  overrideExit(program);
  try {
    const outcome = await inDocker(argv, signal);
    if ('code' in outcome) return outcome.code;
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
