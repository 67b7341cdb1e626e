// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { addressIn, type Layout, layoutOf } from '../../evidence/layout.js';
import { readRecords } from '../../evidence/records.js';
import { forDebugger } from '../../kernel/kbuild.js';
import { DmraceError } from '../../model/errors.js';
import { homeOf } from '../../model/placement.js';
import { roleOf } from '../../model/role.js';
import { type TrialPlan, type TrialResult, trialName } from '../../model/trial.js';
import { type Machine, modulesOf } from '../../ports.js';
import { pasteable, quote } from '../../qemu/command-line.js';
import { Stopper } from '../../qemu/stopper.js';
import type { ReadyRig } from '../../rig/rig.js';
import type { RunDirectory } from '../../runs/run-directory.js';
import { scenarioOf } from '../../scenarios/index.js';
import { gdbScript } from '../../symbols/gdb-script.js';
import { type StopAt, stopsFor } from '../../symbols/stops.js';
import { runTrial, TRIAL_DEADLINE_MS, type TrialRun } from '../../trial/trial.js';
import { patient } from '../../util/patience.js';
import { scratch } from '../../util/scratch.js';
import { gdbFor } from '../../util/toolchain.js';
import { kernelSymbols } from './kernel-symbols.js';

/** A debugger takes the time it takes; a week is no limit. */
const PATIENCE_MS = 7 * 24 * 3_600_000;

/** What a debugged trial needs. */
export interface DebugRequest {
  readonly rig: ReadyRig;
  readonly plan: TrialPlan;
  /** The same trial as it was recorded. */
  readonly recorded: Pick<TrialResult, 'findings' | 'steps'>;
  /** Where things lay in the guest of that time. */
  readonly recordedLayout: Layout;
  readonly where: StopAt;
  readonly directory: RunDirectory;
  /** Called when the guest stands, with what to tell the user. */
  readonly tell: (lines: readonly string[]) => void;
}

/** How a debugged trial went. */
export interface Debugged {
  /** The guest stood where it was to stand. */
  readonly stopped: boolean;
  readonly run: TrialRun;
}

/**
 * Runs a trial again, stops it at a step or at its crash with the gdbstub open, and waits: while the
 * guest stands, without end; once it runs again, as long as for any trial. The machine is gone when
 * this returns.
 * @throws DmraceError when the place to stop at cannot be found or the gdbstub not be opened.
 */
export async function debugTrial(request: DebugRequest): Promise<Debugged> {
  const { rig, plan } = request;
  const ready = rig.ready(plan.placement);
  if (!ready) {
    throw new DmraceError('environment', {
      observed: `no saved ready state of ${plan.placement}: a guest that boots may lie elsewhere than the recorded one`,
      action: 'see the line above for why it could not be saved',
    });
  }
  const { symbols, elf } = await kernelSymbols(rig, plan.placement, ready);
  const { suspect, telling } = scenarioOf(plan);
  const inModule = homeOf(plan.placement, plan.methodHome) !== 'vmlinux';
  const layout = layoutOf(readRecords(ready.readyRecords).records, suspect.name);
  const stops = stopsFor({
    where: request.where,
    telling,
    recorded: request.recorded,
    symbols,
    home: inModule ? (suspect.methodIn ?? suspect.name) : undefined,
    here: (address) => addressIn(layout, request.recordedLayout, address),
  });
  // The socket lies in a short folder: the path of a Unix socket ends at 107 bytes.
  using place = scratch();
  const socket = path.join(place.folder, 'gdb');
  const script = path.join(request.directory.root, 'gdb', 'attach.gdb');
  await mkdir(path.dirname(script), { recursive: true });
  request.tell(moved(request.recordedLayout, layout));
  const { arch } = rig.work;
  const booted = modulesOf(rig.kernel, plan.placement).at(-1) ?? '';
  const object = await forDebugger(booted);
  await writeFile(script, gdbScript({ arch, kernel: elf, object, layout, socket }));
  if (roleOf(plan.placement) === 'control' && object === booted) {
    request.tell([
      `no source lines: ${object} is from before debug copies were kept; remove its folder to have it built again`,
    ]);
  }
  return await stand(request, new Stopper(arch, socket, stops, rig.accel === 'kvm'), script);
}

/** Says when addresses differ from those of the recorded artefacts, which the user has at hand. */
function moved({ text: then, module }: Layout, { text: now }: Layout): string[] {
  if (!then || !now || then.start === now.start) return [];
  const at = ({ start }: { start: bigint }): string => `0x${start.toString(16)}`;
  return [
    `the guest was saved anew since then: ${module} lies at ${at(now)}, in the recorded trial at ${at(then)}`,
  ];
}

async function stand(request: DebugRequest, stopper: Stopper, script: string): Promise<Debugged> {
  const { rig, plan, directory } = request;
  const late = new AbortController();
  let stopped = false;
  let failure: unknown = null;
  const attach = async (machine: Machine): Promise<void> => {
    await stopper.attach(machine);
    rig.work.signal.addEventListener('abort', () => stopper.close(), { once: true });
    void stopper.stopped.then(
      (at) => {
        if (!at) return;
        stopped = true;
        bound(machine, late);
        request.tell([
          `${trialName(plan)} stands at ${at.what}; pc is 0x${at.pc.toString(16)}`,
          'attach with:',
          `  ${gdbFor(rig.work.arch)} -q -x ${quote(script)}`,
          'the trial goes on when gdb detaches; quitting gdb or Ctrl-C ends the machine',
        ]);
      },
      (error: unknown) => {
        failure = error;
        late.abort();
      },
    );
  };
  try {
    const signal = AbortSignal.any([rig.work.signal, late.signal]);
    const run = await runTrial(rig.host(plan.placement, signal), plan, {
      ...rig.start(plan, attach),
      deadlineMs: PATIENCE_MS,
      afterCrashMs: PATIENCE_MS,
    });
    await directory.writeTrial(run.files, pasteable(run.argv));
    if (failure !== null) throw failure;
    return { stopped, run };
  } finally {
    stopper.close();
  }
}

/** From now on a guest that runs has a trial's time; one that stands has all there is. */
function bound(machine: Machine, late: AbortController): void {
  let timer: NodeJS.Timeout | undefined;
  machine.onEvent((event) => {
    if (event === 'RESUME')
      timer = setTimeout(() => late.abort(), patient(TRIAL_DEADLINE_MS)).unref();
    if (event === 'STOP') clearTimeout(timer);
  });
}
