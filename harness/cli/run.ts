// SPDX-License-Identifier: MIT
import { Command, Option } from 'commander';
import { openResumed } from '../campaign/resume.js';
import { run } from '../campaign/run.js';
import { MOST_CPUS } from '../model/cpus.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import { ARCHES } from '../model/kernel.js';
import { PROFILES } from '../model/kernel-profile.js';
import { ASKED_PLACEMENTS } from '../model/placement.js';
import { STOP_WORDS } from '../model/stop-rule.js';
import { FORMAT_NAMES } from '../report/formats.js';
import { SCENARIOS } from '../scenarios/index.js';
import { SUSPECTS } from '../suspects/index.js';
import { compareAsked } from './compare.js';
import { offering } from './completions.js';
import {
  ACCELS,
  ALL_MODULES_FLAG,
  ALL_MODULES_TEXT,
  type GivenOptions,
  givenOptions,
  PATIENCE_FLAG,
  PATIENCE_TEXT,
  patchOption,
} from './options.js';
import { dockerWords, printResult, printTrial } from './output.js';
import { Progress } from './progress.js';
import { resumedOptions, runRequest } from './request.js';
import { say } from './streams.js';

/** `dmrace run`: the main job. */
export function runCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  const option = (flags: string, text: string, name: string): Option =>
    new Option(flags, text).env(`DMRACE_${name}`);
  return new Command('run')
    .description('run the race on a kernel and give a verdict with evidence')
    .addOption(
      option(
        '--kernel <spec>',
        'debian, debian:VERSION, debian:SUITE, src:TREE, or image:IMAGE,modules=DIR,build=DIR (default: debian)',
        'KERNEL',
      ),
    )
    .addOption(
      option(
        '--profile <names>',
        `of a src: kernel, joined by commas: ${PROFILES.join(', ')} (default: base)`,
        'PROFILE',
      ),
    )
    .addOption(
      option(
        '--config <file>',
        'of a src: kernel: start from this .config, not defconfig',
        'CONFIG',
      ),
    )
    .addOption(patchOption())
    .addOption(
      new Option(
        '--compare',
        'run without --patch and with it: 0 for a bug that was shown and is closed (docs/patches.md)',
      ),
    )
    .addOption(new Option(ALL_MODULES_FLAG, ALL_MODULES_TEXT))
    .addOption(
      offering(
        option('--arch <name>', 'guest architecture (default: this machine’s)', 'ARCH'),
        ARCHES,
      ),
    )
    .addOption(
      offering(
        option('--scenario <name>', 'the race to run (default: release)', 'SCENARIO'),
        SCENARIOS.map((scenario) => scenario.name),
      ),
    )
    .addOption(
      offering(
        option(
          '--placement <where>',
          `where ${SUSPECTS.dm_mod.words.method} is (default: the scenario’s)`,
          'PLACEMENT',
        ),
        [...ASKED_PLACEMENTS, 'both', 'all'],
      ),
    )
    .addOption(option('--trials <n>', 'trials of each placement (default: 5; churn: 1)', 'TRIALS'))
    .addOption(
      option(
        '--duration <time>',
        'of each trial of churn: seconds, or 90s, 15m, 2h (default: 30s)',
        'DURATION',
      ),
    )
    .addOption(
      option(
        '--seed <n>',
        'seed of the first trial; it moves the race against the timer tick (default: 1)',
        'SEED',
      ),
    )
    .addOption(option('--jobs <n>', 'VMs side by side, or auto (default: auto)', 'JOBS'))
    .addOption(
      option(
        '--stop-on <words>',
        `end early: ${STOP_WORDS.join(', ')}, several with commas (default: the scenario's)`,
        'STOP_ON',
      ),
    )
    .addOption(
      option(
        '--shard <k/n>',
        'run the k-th of n parts, k from 1; index/n takes k from Kubernetes, Slurm or GitLab',
        'SHARD',
      ),
    )
    .addOption(option('--resume <dir>', 'go on with a run that was interrupted', 'RESUME'))
    .addOption(offering(option('--accel <how>', 'accelerator (default: auto)', 'ACCEL'), ACCELS))
    .addOption(option(PATIENCE_FLAG, PATIENCE_TEXT, 'PATIENCE'))
    .addOption(
      option(
        '--known <file>',
        'crashes that are known and do not make the exit code 1 (docs/verdicts.md)',
        'KNOWN',
      ),
    )
    .addOption(option('--out <dir>', 'folder for the artefacts (default: dmrace-runs/TIME)', 'OUT'))
    .addOption(
      new Option('--deterministic', 'same seed, same bits: console, trace and records (needs TCG)'),
    )
    .addOption(
      new Option('--dump', 'keep a vmcore of crashed trials, for crash and drgn (docs/dump.md)'),
    )
    .addOption(
      option('--cpus <n>', `processors of each guest, 1 to ${MOST_CPUS} (default: 1)`, 'CPUS'),
    )
    .addOption(
      offering(option('--format <how>', 'how to print (default: pretty)', 'FORMAT'), FORMAT_NAMES),
    )
    .addOption(new Option('--quiet', 'no progress on stderr'))
    .addHelpText(
      'after',
      `
Exit codes: 0 closed; 1 open, or a crash of another cause; 125 inconclusive, or the kernel does not
build or boot; 128 the environment failed; 129 wrong usage; 130 interrupted.

Examples:
  dmrace run                                   this suite's stock cloud kernel, both placements
  dmrace run --kernel debian:6.12 --trials 20
  dmrace run --kernel src:. --profile base,kasan    the kernel tree you are in
  dmrace run --scenario disk-release           the second bug; open on kernels since 5.18
  dmrace run --kernel src:. --scenario disk-release --patch fix.mbx --compare
  dmrace run --scenario churn --duration 10m   a soak; it looks for crashes and never gives 0
  dmrace run --dump --trials 1                 a vmcore of the control's crash
  dmrace run --format json --out /tmp/r1 | jq .verdict`,
    )
    .action(async (_: unknown, command: Command) => {
      exit(await runAsked(await givenOptions(command), signal));
    });
}

async function runAsked(asked: GivenOptions, signal: AbortSignal): Promise<number> {
  const { resume } = asked.options;
  if (asked.options.compare) return compareAsked(asked, signal);
  const resumed = resume === undefined ? null : await openResumed(resume);
  const options = resumed ? resumedOptions(asked, resumed) : asked.options;
  const { format, quiet } = options;
  const { directory, result, timing, manifest } = await run(
    await runRequest(options, resumed),
    {
      signal,
      stages: new Progress(signal, quiet),
      done: (trial) => printTrial(trial, format),
    },
    resumed,
  );
  await printResult(result, format, directory.root, timing, manifest);
  if (!signal.aborted) return result.exitCode;
  const command = ['dmrace run', ...dockerWords(), '--resume', directory.root].join(' ');
  say(`dmrace: interrupted after ${result.trials.length} trials; go on with ${command}\n`);
  return INTERRUPTED;
}
