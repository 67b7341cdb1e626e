// SPDX-License-Identifier: MIT
import { ConsoleScanner } from '../console/index.js';
import { GuestSession, type WaitFailure } from '../guest/session.js';
import { type StopWatch, watchStops } from '../guest/stopped.js';
import type { Arch } from '../model/arch/index.js';
import type { Dump } from '../model/dump.js';
import type { RecipeName } from '../model/recipe.js';
import { announcedTraceBytes } from '../model/record.js';
import type { GuestOutput, TrialEnd, TrialFiles, TrialPlan } from '../model/trial.js';
import { type Machine, type MachineSpec, type Machines, pausesItself } from '../ports.js';
import { RECIPES } from '../recipes/index.js';
import type { Recipe } from '../recipes/recipe.js';
import { scenarioOf } from '../scenarios/index.js';
import { within } from '../util/deadline.js';
import { patience, patient } from '../util/patience.js';
import type { TrialDump } from './dump.js';

/** From the start of QEMU to the guest's `ready`; TCG on a loaded machine takes 15 s. */
export const READY_DEADLINE_MS = 120_000;
/** From the command to the closing record; the guest's own deadlines (20 s each) come first. */
export const TRIAL_DEADLINE_MS = 90_000;
/** A guest whose kernel has crashed gets this long for its closing record. */
const AFTER_CRASH_MS = 30_000;
/** The console must be silent for so long after the end, and is waited for no longer than that. */
const SILENT_MS = 150;
const SILENT_BOUND_MS = 3_000;
/** The trace follows the closing record: some hundred kilobytes, in a tenth of a second if idle. */
const TRACE_BOUND_MS = 20_000;
/** Any wait inside the guest, which is told when it is another one (vm/guest/core/wait.c). */
const GUEST_WAIT_MS = 20_000;
/** A deterministic guest switches itself off after that. */
const POWEROFF_BOUND_MS = 20_000;

/** The guest's command for one trial (vm/guest/core/trial.c). */
export function trialCommand(plan: TrialPlan, deterministic = false): string {
  const scenario = scenarioOf(plan);
  // The plan is of the recipe that is looked up by its name, which the compiler cannot know.
  const recipe = RECIPES[plan.recipe] as Recipe<RecipeName>;
  const { nonce, seed } = plan;
  const own = recipe.command(plan, scenario);
  if (recipe.word === 'crash') return ['crash', `nonce=${nonce}`, ...own].join(' ');
  return [
    'trial',
    `recipe=${plan.recipe}`,
    `suspect=${scenario.suspect.name}`,
    `nonce=${nonce}`,
    `seed=${seed}`,
    `scenario=${plan.scenario}`,
    ...own,
    ...(deterministic ? ['end=poweroff'] : []),
    ...(patience() === 1 ? [] : [`wait-ms=${patient(GUEST_WAIT_MS)}`]),
  ].join(' ');
}

/** What the guest has its kernel log after all else (vm/guest/core/close.c). */
export const closingMark = (nonce: string): string => `dmrace: closed ${nonce}`;

/** Called once a machine is ready and before its trial, e.g. to read the booted machine code. */
export type WhenReady = (machine: Machine, session: GuestSession) => Promise<void>;

/** Where a guest is started, and what ends it early. */
export interface TrialHost {
  readonly machines: Machines;
  readonly spec: MachineSpec;
  readonly signal: AbortSignal;
}

/** How a guest comes to be ready. */
export interface StartOptions {
  readonly whenReady?: WhenReady;
  /** For a machine that starts from a saved state: how it goes on, and what it had reported. */
  readonly restored?: Restored;
  /** Keeps the guest's memory when its kernel crashes; its owner closes it. */
  readonly dump?: TrialDump;
}

/** See {@link StartOptions}. */
export interface Restored {
  readonly readyRecords: string;
  /** As {@link GuestOutput} has it. */
  readonly boot?: Uint8Array;
  resume(machine: Machine, signal: AbortSignal): Promise<null>;
  /** The error for a guest that ended before it said a word: the state is bad. Absent: it is lost. */
  readonly refused?: (why: string, run: TrialRun) => Error;
}

/** What a guest is told once it is ready, and how long it is waited for. */
export interface GuestOrder extends StartOptions {
  readonly command: string;
  readonly nonce: string;
  readonly deadlineMs: number;
  /** How long the trace that the closing record announces is waited for; TRACE_BOUND_MS if absent. */
  readonly traceBoundMs?: number;
  /** How long a guest whose kernel has crashed is waited for; AFTER_CRASH_MS if absent. */
  readonly afterCrashMs?: number;
}

/** What came out of a guest, how it ended, and the command line of its machine. */
export interface GuestRun {
  readonly output: GuestOutput;
  readonly end: TrialEnd;
  readonly durationMs: number;
  readonly argv: readonly string[];
  /** What became of the dump; absent where none was to be taken, or nothing crashed. */
  readonly dump?: Dump;
}

/** What a trial left, and the command line of its machine. */
export interface TrialRun {
  readonly files: TrialFiles;
  readonly argv: readonly string[];
}

/**
 * One trial in a fresh VM. The VM is gone when this returns, whatever happened.
 * @throws what {@link Restored.refused} makes of a saved guest that ended before it said a word
 */
export async function runTrial(
  host: TrialHost,
  plan: TrialPlan,
  options: StartOptions & Pick<GuestOrder, 'deadlineMs' | 'afterCrashMs'>,
): Promise<TrialRun> {
  const { spec } = host;
  const { output, end, durationMs, argv, dump } = await runInGuest(host, {
    ...options,
    command: trialCommand(plan, spec.deterministic),
    nonce: plan.nonce,
  });
  const start = spec.restoreFrom === null ? 'booted' : 'restored';
  const run: TrialRun = {
    files: {
      ...output,
      note: { plan, end, durationMs, start, tie: null, ...(dump ? { dump } : {}) },
    },
    argv,
  };
  const why = output.records === '' ? unacknowledged(end) : null;
  if (why !== null && options.restored?.refused) throw options.restored.refused(why, run);
  return run;
}

/** Instructions are not counted faster than this many times slower than the guest's clock. */
const COUNTED_SLOWNESS = 10;

/** How long a trial may take, and how long it goes on after a crash. */
export function deadlines(
  plan: TrialPlan,
  spec: Pick<MachineSpec, 'deterministic'>,
): Pick<GuestOrder, 'deadlineMs' | 'afterCrashMs'> {
  // The plan is of the recipe that is looked up by its name, which the compiler cannot know.
  const recipe = RECIPES[plan.recipe] as Recipe<RecipeName>;
  const extraMs = recipe.extraMs(plan) * (spec.deterministic ? COUNTED_SLOWNESS : 1);
  const deadlineMs = patient(TRIAL_DEADLINE_MS) + extraMs;
  return recipe.endsByCrash ? { deadlineMs } : { deadlineMs, afterCrashMs: deadlineMs };
}

/** Boots a guest, gives it one command and collects everything until its closing record. */
export async function runInGuest(
  { machines, spec, signal }: TrialHost,
  order: GuestOrder,
): Promise<GuestRun> {
  const started = performance.now();
  const { command, restored } = order;
  const handedOver = restored !== undefined && pausesItself(spec);
  await using machine = await machines.start(handedOver ? { ...spec, command } : spec, signal);
  const session = new GuestSession(machine);
  order.dump?.watch(session);
  const watch = (): StopWatch => watchStops(machine, () => session.poke());
  // One that pauses itself is loaded in a state that looks like a stop for good.
  const early = handedOver ? null : watch();

  const readyMs = patient(READY_DEADLINE_MS);
  const readyFailure = restored
    ? await restored.resume(machine, signal)
    : await session.until(() => session.has('ready') || stopped(early), readyMs, signal);
  const stop = early ?? watch();
  let readyRecords = restored?.readyRecords ?? session.recordsText;
  let end: TrialEnd;
  let begun = false;
  if (readyFailure) {
    end = await endOf(readyFailure, readyMs, machine, spec.arch);
  } else if (stop.status !== null) {
    end = await stoppedEnd(stop.status, session, { arch: spec.arch, signal });
  } else {
    begun = true;
    await order.whenReady?.(machine, session);
    await order.dump?.begin(machine);
    readyRecords = restored?.readyRecords ?? session.takeRecordsText();
    if (!handedOver) machine.command(command);
    end = await collect(session, stop, order, spec, signal);
    if (end.how === 'closing' || end.how === 'deadline') await order.dump?.end(machine);
  }
  const dumped = order.dump?.result;
  return {
    output: {
      console: session.consoleBytes,
      ...(restored?.boot ? { boot: restored.boot } : {}),
      readyRecords,
      records: begun ? session.recordsText : '',
      trace: session.traceText,
    },
    end,
    durationMs: Math.round(performance.now() - started),
    argv: machine.argv,
    ...(dumped ? { dump: dumped } : {}),
  };
}

/** How a guest ended by itself; null when it did not, or was killed from outside. */
function unacknowledged(end: TrialEnd): string | null {
  if (end.how === 'stopped') return `QEMU stopped it, ${end.status}`;
  if (end.how !== 'machine-ended') return null;
  if (end.exitCode !== null) return `QEMU ended with exit code ${end.exitCode}`;
  return end.signal === 'SIGABRT' ? 'QEMU ended by SIGABRT' : null;
}

const stopped = (watch: StopWatch | null): boolean => watch !== null && watch.status !== null;

/** A machine that QEMU has stopped for good. */
interface StoppedMachine {
  readonly arch: Arch;
  readonly signal: AbortSignal;
  readonly dump?: TrialDump;
}

/** What QEMU stopped says no more; its own words are read once it is gone. */
async function stoppedEnd(
  status: string,
  session: GuestSession,
  { arch, signal, dump }: StoppedMachine,
): Promise<TrialEnd> {
  await session.untilSilent(SILENT_MS, patient(SILENT_BOUND_MS), signal);
  const { machine } = session;
  const vcpu = await processorState(machine, arch);
  await dump?.end(machine);
  await machine[Symbol.asyncDispose]();
  return { how: 'stopped', status, vcpu, stderr: (await machine.ended).stderr };
}

/**
 * Waits for a closing record (any: whether it is ours is for the judge), then for the trace it
 * announces and for the mark on the console: a crash may be printed after the last record, and the
 * kernel prints its log in order. Without a mark the console has to fall silent. The console is
 * scanned meanwhile, because a guest that has crashed may never say another word.
 */
async function collect(
  session: GuestSession,
  stop: StopWatch,
  {
    nonce,
    deadlineMs,
    afterCrashMs = patient(AFTER_CRASH_MS),
    traceBoundMs = patient(TRACE_BOUND_MS),
    dump,
  }: GuestOrder,
  spec: MachineSpec,
  signal: AbortSignal,
): Promise<TrialEnd> {
  const { arch } = spec;
  const scanner = new ConsoleScanner();
  let crashed = false;
  const mark = closingMark(nonce);
  let tail = '';
  let marked = false;
  session.onConsole((chunk) => {
    crashed = scanner.push(chunk).length > 0 || crashed;
    const text = tail + Buffer.from(chunk).toString('latin1');
    marked ||= text.includes(mark);
    tail = text.slice(-mark.length);
  });
  const closed = (): boolean => session.has('closing') || stopped(stop);
  let waitedMs = deadlineMs;
  let failure = await session.until(() => closed() || crashed, deadlineMs, signal);
  if (!failure && !closed()) {
    waitedMs = Math.min(afterCrashMs, deadlineMs);
    failure = await session.until(closed, waitedMs, signal);
    // The guest stood while its memory was written: it has its time anew.
    while (failure?.failed === 'deadline' && dump?.busy) {
      await dump.settled();
      failure = await session.until(closed, waitedMs, signal);
    }
  }
  if (stop.status !== null && !session.has('closing')) {
    return stoppedEnd(stop.status, session, { arch, signal, ...(dump ? { dump } : {}) });
  }
  if (!failure) {
    const bytes = announcedTraceBytes(session.records);
    await session.until(() => session.traceBytes >= bytes || stopped(stop), traceBoundMs, signal);
  }
  if (!failure && spec.deterministic) {
    // The guest switches itself off: the console is then whole, whatever the host's clock says.
    await session.until(() => false, patient(POWEROFF_BOUND_MS), signal);
  } else if (failure || (await session.until(() => marked, SILENT_MS, signal))) {
    await session.untilSilent(SILENT_MS, patient(SILENT_BOUND_MS), signal);
  }
  return failure ? endOf(failure, waitedMs, session.machine, arch) : { how: 'closing' };
}

async function endOf(
  failure: WaitFailure,
  afterMs: number,
  machine: Machine,
  arch: Arch,
): Promise<TrialEnd> {
  switch (failure.failed) {
    case 'interrupted':
      return { how: 'interrupted' };
    case 'machine-ended':
      return { how: 'machine-ended', ...failure.end };
    case 'deadline':
      return { how: 'deadline', afterMs, vcpu: await processorState(machine, arch) };
  }
}

/** Where the vCPU stands, in one line: a hang is found by its program counter. */
async function processorState(machine: Machine, arch: Arch): Promise<string> {
  const registers = machine.qmp('human-monitor-command', { 'command-line': 'info registers' });
  const text = await within(
    registers.then(String, () => 'gone'),
    patient(2_000),
    'not answering',
  );
  return arch.qemu.programCounter.exec(text)?.[0] ?? (text.slice(0, 80) || 'unknown');
}
