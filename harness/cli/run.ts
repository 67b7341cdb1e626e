// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import { Command, Option } from 'commander';
import { summarise } from '../judge/summary.js';
import { DmraceError } from '../model/errors.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import { ARCHES } from '../model/kernel.js';
import { PROFILES } from '../model/kernel-profile.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import type { Repeat } from '../model/replay.js';
import type { Scenario } from '../model/scenario.js';
import { anyRule, enoughRule, STOP_WORDS, stopRule } from '../model/stop-rule.js';
import type { Report } from '../ports.js';
import { FORMAT_NAMES } from '../report/formats.js';
import { SCENARIOS, scenarioNamed } from '../scenarios/index.js';
import { type CampaignOutcome, newNonce, planTrials, seededNonce } from '../campaign/campaign.js';
import type { CampaignEnd, RunNote } from '../runs/run-directory.js';
import { isMine, shardOf, shareOf } from '../runs/shard.js';
import { offering } from './completions.js';
import { readKnownFile } from './known-file.js';
import { ACCELS, type GivenOptions, givenOptions, type RunOptions } from './options.js';
import { dockerWords, printResult, printTrial } from './output.js';
import { runStages } from './progress.js';
import { goOn, openResumed, sameRun } from '../campaign/resume.js';
import { repeatFirst } from '../campaign/repeat.js';
import { noteOf, setUp } from '../campaign/set-up.js';
import { runTrials } from '../campaign/trials.js';
import { notesOf, questionOf } from '../runs/saved-run.js';
import { Tally } from './tally.js';

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
          'where dm_kobject_release() is (default: the scenario’s)',
          'PLACEMENT',
        ),
        [...PLACEMENTS, 'both'],
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
        'run the k-th of n parts, k from 1; index/n takes k from JOB_COMPLETION_INDEX',
        'SHARD',
      ),
    )
    .addOption(option('--resume <dir>', 'go on with a run that was interrupted', 'RESUME'))
    .addOption(offering(option('--accel <how>', 'accelerator (default: auto)', 'ACCEL'), ACCELS))
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
  dmrace run --scenario churn --duration 10m   a soak; it looks for crashes and never gives 0
  dmrace run --format json --out /tmp/r1 | jq .verdict`,
    )
    .action(async (_: unknown, command: Command) => {
      exit(await run(await givenOptions(command), signal));
    });
}

async function run(asked: GivenOptions, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const { resume } = asked.options;
  const resumed = resume === undefined ? null : await openResumed(resume, asked);
  const options = resumed?.options ?? asked.options;
  const scenario = scenarioNamed(options.scenario);
  const known =
    options.known === undefined
      ? (resumed?.note.known ?? null)
      : await readKnownFile(options.known);
  const shard = resumed ? (resumed.note.shard ?? null) : shardOf(options.shard, process.env);
  const placements = placementsOf(options, scenario);
  const wanted = options.trials ?? scenario.trials;
  const durationMs = durationOf(options, scenario);
  const set = await setUp(
    options,
    scenario,
    placements,
    signal,
    resumed ? { directory: resumed.directory, startedAt: resumed.note.startedAt } : undefined,
  );
  const { rig, directory } = set;
  const note = (end?: CampaignEnd, repeats?: readonly Repeat[]): RunNote =>
    noteOf(set, {
      trials: wanted,
      seed: options.seed,
      known,
      shard,
      more: {
        ...(durationMs === null ? {} : { durationMs }),
        ...(options.profile === undefined ? {} : { profile: options.profile }),
        ...(options.config === undefined ? {} : { config: path.resolve(options.config) }),
        ...(end ? { end } : {}),
        ...(repeats ? { repeats: [...repeats] } : {}),
      },
    });
  const share = shareOf(wanted, shard);
  const tally = new Tally(share * placements.length);
  let outcome: CampaignOutcome | null = null;
  let repeats: readonly Repeat[] | undefined;
  const trials = async (report: Report): Promise<void> => {
    if (resumed) sameRun(resumed.note, note());
    // Written before the first trial too: what an interrupt leaves can still be judged.
    await directory.writeNote(note());
    const before = resumed ? await goOn(directory) : [];
    const done = new Set(before.map((result) => `${result.placement}-${result.index}`));
    outcome = await runTrials(
      rig,
      {
        scenario,
        trials: planTrials(
          scenario,
          placements,
          wanted * scenario.attempts,
          options.seed,
          options.deterministic ? seededNonce : newNonce,
        )
          .filter((plan) => isMine(plan, shard) && !done.has(`${plan.placement}-${plan.index}`))
          .map((plan) => ({
            ...plan,
            methodHome: rig.kernel.identity.methodHome,
            ...(durationMs === null ? {} : { durationMs }),
          })),
        jobs: options.jobs,
        stop: anyRule(
          stopRule(options.stopOn ?? scenario.stopOn, scenario.targetCause),
          ...(scenario.attempts > 1 ? [enoughRule(share)] : []),
        ),
        directory,
        before,
        done: (result) => {
          tally.add(result);
          printTrial(result, options.format);
        },
      },
      report,
    );
    if (options.deterministic)
      repeats = await repeatFirst(rig, scenario, directory, outcome, durationMs, report);
    await directory.writeNote(note(outcome.end, repeats));
  };
  await runStages(
    signal,
    [
      ...rig.stages(),
      {
        title: `Trials: ${share} of ${placements.join(' and ')}`,
        work: async (report) => {
          const before = performance.now();
          await trials(report);
          rig.timing.trialsMs = Math.round(performance.now() - before);
        },
        progress: () => tally.toString(),
      },
    ],
    options.quiet,
  ).catch(async (error: unknown) => {
    if (!resumed) await directory.removeIfEmpty();
    throw error;
  });

  const timing = { ...rig.timing, totalMs: Math.round(performance.now() - started) };
  const { results, end } = ended(outcome);
  const byLine = (await directory.readLedger()).entries.filter(({ kept }) => !kept).length;
  const last = note(end, repeats);
  const notes = notesOf(last, byLine, results.length);
  const result = {
    ...summarise(questionOf(last), last.kernel, results, rig.codes, [], known, notes),
    ...(repeats ? { repeats } : {}),
  };
  await directory.writeVerdict({
    schema: 1,
    verdict: result.verdict,
    reasons: result.reasons,
    exitCode: result.exitCode,
    timing,
  });
  await printResult(result, options.format, directory.root, timing);
  if (!signal.aborted) return result.exitCode;
  const command = ['dmrace run', ...dockerWords(), '--resume', directory.root].join(' ');
  process.stderr.write(
    `dmrace: interrupted after ${result.trials.length} trials; go on with ${command}\n`,
  );
  return INTERRUPTED;
}

/** For the compiler: stages that end without an error have run. */
function ended(outcome: CampaignOutcome | null): CampaignOutcome {
  if (outcome === null) throw new Error('the stage of the trials was not run');
  return outcome;
}

/** What a soak takes when nothing is said. */
const SOAK_MS = 30_000;

/** How long a trial lasts; null where the scenario decides by itself when it is done. */
function durationOf(options: RunOptions, scenario: Scenario): number | null {
  if (scenario.kind === 'churn') return options.duration ?? SOAK_MS;
  if (options.duration === undefined) return null;
  throw new DmraceError('usage', {
    observed: `--duration with --scenario ${scenario.name}, whose trials end by themselves`,
    action: 'leave it out, or take --scenario churn',
  });
}

function placementsOf(options: RunOptions, scenario: Scenario): readonly Placement[] {
  if (options.placement === undefined) return scenario.placements;
  return options.placement === 'both' ? PLACEMENTS : [options.placement];
}
