// SPDX-License-Identifier: GPL-2.0-only
import { Argument, Command, Option } from 'commander';
import { layoutOf } from '../evidence/layout.js';
import { readRecords } from '../evidence/records.js';
import { judgeReplay, sideOf } from '../judge/replay.js';
import { judgeTrial } from '../judge/trial.js';
import { orderedPlacements } from '../judge/verdict.js';
import { DmraceError } from '../model/errors.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import type { ReplayResult } from '../model/replay.js';
import type { Scenario } from '../model/scenario.js';
import type { TrialPlan, TrialResult } from '../model/trial.js';
import { renderReplayJson, renderReplayText } from '../report/replay.js';
import { scenarioNamed } from '../scenarios/index.js';
import { parseStopAt, type StopAt } from '../symbols/stops.js';
import { newNonce } from '../campaign/campaign.js';
import { version } from '../util/version.js';
import { guestArch } from './guest-arch.js';
import { RunOptions } from './options.js';
import { paintFor } from './paint.js';
import { runStages, type Stage } from './progress.js';
import { qemuVersion } from '../rig/rig.js';
import { noteOf, type SetUp, setUp } from '../campaign/set-up.js';
import { runTrials } from '../campaign/trials.js';
import { debugTrial } from '../campaign/replay/debug.js';
import { requireSame, unchecked } from '../campaign/replay/needs.js';
import { chosen, type RecordedRun, type RecordedTrial, readRecorded } from '../runs/recorded.js';

interface ReplayOptions {
  readonly trial?: string;
  readonly gdb?: boolean;
  readonly break?: string;
  readonly jobs: string;
  readonly out?: string;
  readonly format: 'pretty' | 'json';
  readonly quiet?: boolean;
}

/** `dmrace replay`: recorded trials again. */
export function replayCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  return new Command('replay')
    .description('run trials of a saved run again and say whether they came out identical')
    .addArgument(new Argument('<run-dir>', 'a folder that dmrace run or sweep made; not changed'))
    .addOption(
      new Option('--trial <n>', 'trial n of each placement, or one, e.g. builtin-3 (default: all)'),
    )
    .addOption(
      new Option('--gdb', 'stop one trial, open a gdbstub, and say how to attach (docs/gdb.md)'),
    )
    .addOption(
      new Option('--break <where>', 'with --gdb: a step from 1 to 10, or crash (default: crash)'),
    )
    .addOption(new Option('--jobs <n>', 'VMs side by side, or auto').default('auto'))
    .addOption(new Option('--out <dir>', 'folder of the replay (default: dmrace-runs/TIME)'))
    .addOption(
      new Option('--format <how>', 'how to print').choices(['pretty', 'json']).default('pretty'),
    )
    .addOption(new Option('--quiet', 'no progress on stderr'))
    .addHelpText(
      'after',
      `
Of a run made with --deterministic console, trace and records are compared byte by byte (SHA-256);
of others the outcome, the cause and the function of crashes.

With --gdb nothing is compared: the guest stands until gdb detaches or quits.

Exit codes: 0 identical, or the guest stood where --gdb was to stop it; 1 not identical; 125 a trial
was lost now, or ended before the place to stop at; 128 the kernel, QEMU, the guest or the
version of dmrace is another one; 129 wrong usage; 130 interrupted.

Examples:
  dmrace run --deterministic --out /tmp/r1 && dmrace replay /tmp/r1
  dmrace replay /tmp/r1 --trial in-module-0 --format json | jq .identical
  dmrace replay /tmp/r1 --gdb                  stop at the crash of the first trial that has one
  dmrace replay /tmp/r1 --gdb --trial builtin-0 --break 6`,
    )
    .action(async (folder: string, options: ReplayOptions) => {
      exit(await replay(folder, options, signal));
    });
}

/** The options with which a recorded run was made, as far as its trials depend on them. */
function optionsOf({ note }: RecordedRun, options: ReplayOptions): RunOptions {
  const { kernel } = note;
  const profile = note.profile ?? kernel.build?.profiles.join(',');
  const config = note.config ?? kernel.build?.config;
  return RunOptions.parse({
    kernel: kernel.spec,
    arch: kernel.arch,
    ...(profile ? { profile } : {}),
    ...(config ? { config } : {}),
    scenario: note.scenario,
    accel: note.accel,
    deterministic: note.deterministic === true,
    jobs: options.jobs,
    ...(options.out === undefined ? {} : { out: options.out }),
  });
}

async function replay(folder: string, given: ReplayOptions, signal: AbortSignal): Promise<number> {
  const run = await readRecorded(folder);
  const stop = stopOf(given);
  const wanted = stop === null ? chosen(run, given.trial) : [oneOf(run, given.trial, stop)];
  const options = optionsOf(run, given);
  const scenario = scenarioNamed(run.note.scenario);
  requireSame(run.root, run.note, { dmrace: version() });
  requireSame(run.root, run.note, { qemu: await qemuVersion(guestArch(options.arch)) });
  const placements = orderedPlacements(wanted.map(({ plan }) => plan.placement));
  const set = await setUp(options, scenario, placements, signal);
  let results: readonly TrialResult[] = [];
  const stages: Stage[] = [
    ...set.rig.stages().toSpliced(-1, 0, {
      title: 'The same kernel, QEMU and guest as recorded',
      work: async () => {
        const { kernel, qemu, guests } = set.rig;
        requireSame(run.root, run.note, { kernel: kernel.identity, qemu, guests }, placements);
      },
    }),
    ...(stop !== null
      ? []
      : [
          {
            title: `Replay of ${wanted.length} trial${wanted.length === 1 ? '' : 's'}`,
            work: async (report) => {
              results = await again(set, run, wanted, scenario, options, report);
            },
          } satisfies Stage,
        ]),
  ];
  await runStages(signal, stages, given.quiet === true).catch(async (error: unknown) => {
    await set.directory.removeIfEmpty();
    throw error;
  });
  const [first] = wanted;
  if (stop !== null && first) return debug(set, run, first, scenario, stop, signal);
  if (signal.aborted) return INTERRUPTED;
  const result = compare(run, wanted, results, set);
  await set.directory.writeVerdict({ schema: 1, kind: 'replay', ...result });
  const view = { result, recorded: run.root, directory: set.directory.root };
  process.stdout.write(
    given.format === 'json'
      ? renderReplayJson(view)
      : renderReplayText(view, paintFor(process.stdout)),
  );
  return result.exitCode;
}

/** A trial as it was planned, but for its nonce where that is to be no one's to know. */
const planOf = ({ plan }: RecordedTrial, deterministic: boolean): TrialPlan => ({
  ...plan,
  nonce: deterministic ? plan.nonce : newNonce(),
});

/** Where --gdb stops; null without it. @throws DmraceError (usage). */
function stopOf({ gdb, break: where, format }: ReplayOptions): StopAt | null {
  if (gdb === true && format === 'pretty') return parseStopAt(where ?? 'crash');
  if (gdb !== true && where === undefined) return null;
  throw new DmraceError('usage', {
    observed: gdb === true ? '--gdb with --format json' : `--break ${where} without --gdb`,
    action: gdb === true ? 'leave --format out: it is for people' : 'add --gdb',
  });
}

/** The trial to look at: the one that is named; else the first that crashed, else the first. */
function oneOf(run: RecordedRun, name: string | undefined, stop: StopAt): RecordedTrial {
  const several = chosen(run, name);
  const crashed = several.find(({ records }) => (records[0]?.side.findings.length ?? 0) > 0);
  const one = crashed ?? several[0];
  if (one?.files && (crashed || stop !== 'crash')) return one;
  throw new DmraceError('usage', {
    observed: crashed
      ? `--gdb: the files of ${crashed.trial} were not kept, so nobody knows where it crashed`
      : '--gdb: none of these trials crashed',
    artefact: run.root,
    action: 'name another trial with --trial, or a step with --break',
  });
}

async function debug(
  set: SetUp,
  run: RecordedRun,
  { plan, files, trial }: RecordedTrial,
  scenario: Scenario,
  where: StopAt,
  signal: AbortSignal,
): Promise<number> {
  if (!files) throw new Error('a trial without files is not chosen');
  const { rig, directory } = set;
  const asked = { trials: 1, seed: plan.seed, more: { replayOf: run.root } };
  await directory.writeNote(noteOf(set, asked));
  const debugged = await debugTrial({
    rig,
    scenario,
    plan: rig.request.deterministic === true ? plan : { ...plan, nonce: newNonce() },
    recorded: judgeTrial(files),
    recordedLayout: layoutOf(readRecords(files.readyRecords).records),
    where,
    directory,
    tell: (lines) => process.stdout.write(lines.map((line) => `${line}\n`).join('')),
  });
  if (signal.aborted) return INTERRUPTED;
  const { end } = debugged.run.files.note;
  const after =
    end.how === 'machine-ended'
      ? 'its machine was ended'
      : `it ended as ${judgeTrial(debugged.run.files).outcome}`;
  const missed = debugged.stopped
    ? ''
    : `was never at ${where === 'crash' ? 'the crash' : `step ${where}`}; `;
  process.stdout.write(`${trial}: ${missed}${after}\nartefacts  ${directory.root}\n`);
  return debugged.stopped ? 0 : 125;
}

async function again(
  set: SetUp,
  run: RecordedRun,
  wanted: readonly RecordedTrial[],
  scenario: Scenario,
  options: RunOptions,
  report: (line: string) => void,
): Promise<readonly TrialResult[]> {
  const trials = wanted.map((one) => planOf(one, options.deterministic));
  const { note } = run;
  const asked = {
    trials: Math.max(
      ...trials.map((one) => trials.filter((t) => t.placement === one.placement).length),
    ),
    seed: note.seed ?? Math.min(...trials.map(({ seed }) => seed)),
    more: {
      ...(note.durationMs === undefined ? {} : { durationMs: note.durationMs }),
      replayOf: run.root,
      ...(note.sweep ? { sweep: true } : {}),
    },
  };
  await set.directory.writeNote(noteOf(set, asked));
  const { jobs } = options;
  const { directory, rig } = set;
  const request = { scenario, trials, jobs, stop: () => null, directory };
  const { results, end } = await runTrials(rig, request, report);
  await directory.writeNote(noteOf(set, { ...asked, more: { ...asked.more, end } }));
  return results;
}

function compare(
  run: RecordedRun,
  wanted: readonly RecordedTrial[],
  results: readonly TrialResult[],
  set: SetUp,
): ReplayResult {
  const inputs = wanted.map(({ trial, records, damage }) => {
    const now = results.find((result) => `${result.placement}-${result.index}` === trial);
    if (!now) throw new Error(`${trial} was not run`);
    return { trial, records, damage, now: sideOf(now) };
  });
  const compared = run.note.deterministic === true ? 'bytes' : 'outcome';
  return judgeReplay(inputs, compared, set.rig.kernel.identity, unchecked(run.note));
}
