// SPDX-License-Identifier: MIT
import { newNonce, planTrial } from '../../harness/campaign/plan.js';
import { judgeTrial } from '../../harness/judge/trial.js';
import { ARCH } from '../../harness/model/arch/index.js';
import type { BuildRequest } from '../../harness/model/kernel-profile.js';
import { COMPARED_PLACEMENTS, type Placement } from '../../harness/model/placement.js';
import type { Machine, Machines, Stages } from '../../harness/ports.js';
import { qemuMachines } from '../../harness/qemu/machine.js';
import { prepareRig, type ReadyRig } from '../../harness/rig/rig.js';
import { scenarioNamed } from '../../harness/scenarios/index.js';
import { deadlines, runTrial } from '../../harness/trial/trial.js';
import { openCache } from '../../harness/util/cache.js';

export const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

export const release = scenarioNamed('release');

/** Stages of which only the lines are shown. */
const STAGES: Stages = { stage: (_stage, work) => work(say), timing: {} };

/** A rig for a kernel, set up: what it builds and fetches is not measured. */
export async function rigOf(
  kernel: string,
  signal: AbortSignal,
  build?: BuildRequest,
): Promise<ReadyRig> {
  return prepareRig(
    { cache: await openCache(), arch: ARCH.x86_64, say, signal },
    {
      kernel,
      placements: COMPARED_PLACEMENTS,
      scenario: release,
      accel: 'tcg',
      deterministic: false,
      ...(build ? { build } : {}),
    },
    STAGES,
  );
}

/** When the parts of a restore were over, in ms since the trial began. */
export interface Restored {
  /** QEMU runs and answers. */
  qemuMs: number;
  /** The guest goes on. */
  readyMs: number;
}

/**
 * Runs one trial and returns how long it took, from before QEMU's start until QEMU was gone.
 * @throws Error when it does not end as this placement has to: a fast wrong trial is no trial.
 */
export async function timedTrial(
  rig: ReadyRig,
  placement: Placement,
  index: number,
  start: 'restored' | 'booted',
  signal: AbortSignal,
): Promise<{ readonly ms: number; readonly restored: Restored }> {
  const plan = planTrial(
    { scenario: release, durationMs: null, nonce: newNonce },
    { placement, index, seed: index + 1 },
  );
  const restored: Restored = { qemuMs: 0, readyMs: 0 };
  const began = performance.now();
  const watched: Machines = {
    start: async (spec, aborted): Promise<Machine> => {
      const machine = await qemuMachines.start(spec, aborted);
      restored.qemuMs = performance.now() - began;
      machine.onEvent((event) => {
        if (event === 'RESUME') restored.readyMs = performance.now() - began;
      });
      return machine;
    },
  };
  const restores = rig.machine(placement);
  const spec = start === 'booted' ? { ...restores, restoreFrom: null } : restores;
  const { files } = await runTrial({ machines: watched, spec, signal }, plan, {
    ...(start === 'booted' ? {} : rig.start(plan)),
    ...deadlines(plan, spec),
  });
  const ms = performance.now() - began;
  const result = judgeTrial(files);
  const wanted = placement === 'builtin' ? 'survived' : 'crashed';
  if (result.outcome !== wanted || !result.reached || files.note.start !== start) {
    throw new Error(
      `${placement} ${start}: ${result.outcome}, not ${wanted}: ${result.reasons.join('; ')}`,
    );
  }
  return { ms, restored };
}
