// SPDX-License-Identifier: MIT
import { Argument, Command, Option } from 'commander';
import { debug, type ReplayRequest, replay } from '../campaign/replay/replay.js';
import type { Conductor } from '../campaign/request.js';
import { judgeTrial } from '../judge/trial.js';
import { DmraceError } from '../model/errors.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import { builtAll } from '../model/kernel-identity.js';
import type { Telling } from '../model/proof.js';
import { shownDeep } from '../model/shown.js';
import type { TrialResult } from '../model/trial.js';
import { renderReplayJson, renderReplayText } from '../report/replay.js';
import { chosen, type RecordedRun, type RecordedTrial, readRecorded } from '../runs/recorded.js';
import { scenarioOfNote } from '../runs/saved-run.js';
import { parseStopAt, type StopAt } from '../symbols/stops.js';
import { PATIENCE_FLAG, PATIENCE_TEXT, RunOptions } from './options.js';
import { vmlinuxAtHand } from './output.js';
import { paintFor } from './paint.js';
import { Progress } from './progress.js';
import { raceRequest } from './request.js';
import { out } from './streams.js';

interface ReplayOptions {
  readonly trial?: string;
  readonly gdb?: boolean;
  readonly break?: string;
  readonly dump?: boolean;
  readonly jobs: string;
  readonly out?: string;
  readonly accel?: 'kvm' | 'tcg';
  readonly patience?: string;
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
    .addOption(
      new Option('--dump', 'keep a vmcore of trials that crash, for crash and drgn (docs/dump.md)'),
    )
    .addOption(new Option('--jobs <n>', 'VMs side by side, or auto').default('auto'))
    .addOption(
      new Option('--accel <how>', 'another accelerator than the run had').choices(['kvm', 'tcg']),
    )
    .addOption(new Option(PATIENCE_FLAG, PATIENCE_TEXT).env('DMRACE_PATIENCE'))
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
was lost now, or ended before the place to stop at; 128 a dump could not be kept, or the kernel, QEMU, the guest or the
version of dmrace is another one; 129 wrong usage; 130 interrupted.

Examples:
  dmrace run --deterministic --out /tmp/r1 && dmrace replay /tmp/r1
  dmrace replay /tmp/r1 --trial in-module-0 --format json | jq .identical
  dmrace replay /tmp/r1 --gdb                  stop at the crash of the first trial that has one
  dmrace replay /tmp/r1 --gdb --trial builtin-0 --break 6
  dmrace replay /tmp/r1 --dump --trial in-module-0`,
    )
    .action(async (folder: string, options: ReplayOptions) => {
      exit(await replayAsked(folder, options, signal));
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
    ...(note.patch === undefined ? {} : { patch: note.patch }),
    allModules: builtAll(kernel.build),
    scenario: note.scenario,
    accel: options.accel ?? note.accel,
    patience: options.patience ?? note.patience ?? 1,
    deterministic: note.deterministic === true,
    cpus: note.cpus ?? 1,
    jobs: options.jobs,
    dump: options.dump === true,
    ...(options.out === undefined ? {} : { out: options.out }),
  });
}

async function replayAsked(
  folder: string,
  given: ReplayOptions,
  signal: AbortSignal,
): Promise<number> {
  const run = await readRecorded(folder);
  const scenario = scenarioOfNote(run.note);
  const where = stopOf(given, scenario.telling);
  const wanted = where === null ? chosen(run, given.trial) : [oneOf(run, given.trial, where)];
  const request: ReplayRequest = {
    run,
    wanted,
    race: raceRequest(optionsOf(run, given), scenario, run.note.placements),
  };
  const conductor = { signal, stages: new Progress(signal, given.quiet === true) };
  if (where !== null) return debugAsked({ ...request, where }, conductor);
  const { directory, result, trials } = await replay(request, conductor);
  if (result === null) return INTERRUPTED;
  const { kernel } = result;
  const vmlinux = await vmlinuxAtHand({ trials, kernel }, directory.root);
  const view = {
    result,
    recorded: run.root,
    directory: directory.root,
    ...(given.dump ? { dumps: { trials, vmlinux } } : {}),
  };
  out(
    given.format === 'json'
      ? renderReplayJson(view)
      : renderReplayText(shownDeep(view), paintFor(process.stdout)),
  );
  if (given.dump) requireDumps(trials, directory.root);
  return result.exitCode;
}

/** What the limits of a run refuse was not asked for; @throws DmraceError (environment) for the rest. */
function requireDumps(trials: readonly TrialResult[], root: string): void {
  const failed = trials.flatMap(({ dump }) =>
    dump?.kept === false && dump.failed ? [dump.why] : [],
  );
  const [why] = failed;
  if (why === undefined) return;
  throw new DmraceError('environment', {
    observed: `no dump: ${why}`,
    artefact: root,
    action: 'replay it again with --dump once that is mended',
  });
}

/** Where --gdb stops; null without it. @throws DmraceError (usage). */
function stopOf(
  { gdb, dump, break: where, format }: ReplayOptions,
  telling: Telling,
): StopAt | null {
  if (gdb === true && dump === true) {
    throw new DmraceError('usage', {
      observed: '--gdb with --dump: both stop the guest at its crash',
      action: 'leave one of them out; gdb has gcore and QEMU’s dump-guest-memory',
    });
  }
  if (gdb === true && format === 'pretty') return parseStopAt(where ?? 'crash', telling);
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

async function debugAsked(
  request: ReplayRequest & { readonly where: StopAt },
  conductor: Conductor,
): Promise<number> {
  const { stopped, run, directory } = await debug(request, conductor, (lines) => {
    out(lines.map((line) => `${line}\n`).join(''));
  });
  if (conductor.signal.aborted) return INTERRUPTED;
  const { where, wanted } = request;
  const { end } = run.files.note;
  const after =
    end.how === 'machine-ended'
      ? 'its machine was ended'
      : `it ended as ${judgeTrial(run.files).outcome}`;
  const missed = stopped
    ? ''
    : `was never at ${where === 'crash' ? 'the crash' : `step ${where}`}; `;
  out(`${wanted[0]?.trial}: ${missed}${after}\nartefacts  ${directory.root}\n`);
  return stopped ? 0 : 125;
}
