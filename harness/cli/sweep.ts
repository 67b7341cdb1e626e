// SPDX-License-Identifier: MIT
import { Command, Option } from 'commander';
import { sweep } from '../campaign/sweep.js';
import { COMPARED_PLACEMENTS } from '../model/placement.js';
import { sweep as scenario } from '../scenarios/sweep.js';
import {
  PATIENCE_FLAG,
  PATIENCE_TEXT,
  patchOption,
  type RunOptions,
  runOptions,
} from './options.js';
import { Progress } from './progress.js';
import { placementsOf, raceRequest } from './request.js';
import { noSuchForm, printSweep } from './sweep-output.js';

/** `dmrace sweep`. */
export function sweepCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  const option = (flags: string, text: string, name: string): Option =>
    new Option(flags, text).env(`DMRACE_${name}`);
  return new Command('sweep')
    .description('let the holder run at every block of the remover in turn: where does it crash?')
    .addOption(option('--kernel <spec>', 'as for dmrace run (default: debian)', 'KERNEL'))
    .addOption(patchOption())
    .addOption(option('--arch <name>', 'guest architecture', 'ARCH'))
    .addOption(
      option('--placement <where>', `${COMPARED_PLACEMENTS.join(', ')} or both`, 'PLACEMENT'),
    )
    .addOption(option('--seed <n>', 'seed of every trial (default: 1)', 'SEED'))
    .addOption(option('--jobs <n>', 'VMs side by side, or auto (default: auto)', 'JOBS'))
    .addOption(option('--accel <how>', 'auto, kvm or tcg (default: auto)', 'ACCEL'))
    .addOption(option(PATIENCE_FLAG, PATIENCE_TEXT, 'PATIENCE'))
    .addOption(option('--out <dir>', 'folder for the artefacts (default: dmrace-runs/TIME)', 'OUT'))
    .addOption(option('--format <how>', 'pretty or json (default: pretty)', 'FORMAT'))
    .addOption(new Option('--deterministic', 'same seed, same bits (needs TCG)'))
    .addOption(new Option('--quiet', 'no progress on stderr'))
    .addHelpText(
      'after',
      `
Exit codes: 0 the builtin placement survived at every point and the control crashed; 1 the builtin
placement crashed, or a crash of another cause; 125 a point was missed or lost, or the control never
crashed; 128, 129 and 130 as for dmrace run.

Examples:
  dmrace sweep
  dmrace sweep --format json | jq '.points[] | select(.outcome == "crashed")'`,
    )
    .action(async (_: unknown, command: Command) => {
      exit(await sweepAsked(await runOptions(command), signal));
    });
}

function refuse(options: RunOptions): void {
  if (options.format === 'pretty' || options.format === 'json') return;
  throw noSuchForm(options.format);
}

async function sweepAsked(options: RunOptions, signal: AbortSignal): Promise<number> {
  refuse(options);
  const request = raceRequest(options, scenario, placementsOf(options, COMPARED_PLACEMENTS));
  const stages = new Progress(signal, options.quiet);
  const ended = await sweep(request, { signal, stages });
  const { kernel } = ended.result;
  printSweep({ result: ended.sweep, kernel, directory: ended.directory.root }, options.format);
  return ended.result.exitCode;
}
