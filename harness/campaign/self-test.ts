// SPDX-License-Identifier: MIT
import { patienceParameters } from '../guest/patience.js';
import { buildInitramfs, guestParts } from '../initramfs/build.js';
import { judgeTrial } from '../judge/trial.js';
import { prepareKernel } from '../kernel/prepare.js';
import { CRASHES, type CrashHow } from '../model/recipe.js';
import { SUBJECT } from '../model/role.js';
import type { TrialFiles, TrialResult } from '../model/trial.js';
import type { Accel, MachineSpec } from '../ports.js';
import { type AccelChoice, chooseAccel, tryKvm } from '../qemu/accel.js';
import { GUEST_MEMORY_MIB } from '../qemu/command-line.js';
import { requireKvm } from '../qemu/kvm-access.js';
import { qemuMachines } from '../qemu/machine.js';
import { guestSetUp } from '../scenarios/index.js';
import { selfTest as scenario } from '../scenarios/self-test.js';
import { runTrial } from '../trial/trial.js';
import { mending } from '../util/cache.js';
import { patient } from '../util/patience.js';
import type { Work } from '../util/work.js';
import { newNonce, planTrial } from './plan.js';

/** A hang is told by silence, so this is how long the self-test takes at least. */
const SILENCE_MS = 10_000;

/** What the harness must say of a crash made on purpose. */
interface Crime {
  readonly caught: (result: TrialResult, files: TrialFiles) => boolean;
  readonly wanted: string;
}

const found =
  (kind: RegExp) =>
  (result: TrialResult): boolean =>
    result.outcome === 'crashed' &&
    result.findings.some((f) => kind.test(f.kind) && f.function.startsWith('dmrace_crash_'));

/** What each of the guest's crashes must be taken for. */
export const CRIMES: Readonly<Record<CrashHow, Crime>> = {
  oops: { caught: found(/^null-deref$/), wanted: 'a NULL dereference in dmrace_crash_oops' },
  warn: { caught: found(/^warning$/), wanted: 'a WARNING in dmrace_crash_warn' },
  bug: { caught: found(/^bug-on$/), wanted: 'a BUG in dmrace_crash_bug' },
  hang: {
    caught: (result, files) => result.outcome === 'lost' && files.note.end.how === 'deadline',
    wanted: 'lost: silent until the deadline',
  },
  silent: {
    caught: (result, files) => result.outcome === 'lost' && files.note.end.how === 'machine-ended',
    wanted: 'lost: ended without a closing record',
  },
};

/**
 * Boots the guest of the main job once for each crime, under the accelerator that runs will take;
 * all must be caught and named.
 * @returns 0, or 128 when one was missed
 * @throws DmraceError (environment) where KVM was asked for and cannot be had
 */
export async function selfTest(work: Work, wanted: Accel | 'auto'): Promise<number> {
  const { arch, say, signal } = work;
  const { suspect } = scenario;
  const kernel = await mending(work, say, () =>
    prepareKernel(work, 'debian', { suspect: suspect.build }),
  );
  const initramfs = await buildInitramfs(work, {
    guest: await guestParts(work),
    kernel,
    placement: SUBJECT,
    setUp: guestSetUp(scenario),
    suspect: { name: suspect.name, object: suspect.build.object },
  });
  const spec: MachineSpec = {
    arch,
    accel: 'tcg',
    image: kernel.image,
    initramfs,
    parameters: [kernel.preemptParameter, ...patienceParameters()].filter(Boolean),
    memoryMiB: GUEST_MEMORY_MIB,
    restoreFrom: null,
    deterministic: false,
  };
  const { accel, why } = await choose(work, wanted, spec);
  say(`under ${accel}${why && `: ${why}`}`);
  const host = { machines: qemuMachines, signal, spec: { ...spec, accel } };
  let failed = 0;
  for (const [index, how] of CRASHES.entries()) {
    const plan = planTrial(
      { scenario, durationMs: null, nonce: newNonce },
      { placement: SUBJECT, index, seed: 0 },
    );
    const { files } = await runTrial(host, plan, { deadlineMs: patient(SILENCE_MS) });
    const result = judgeTrial(files);
    const crime = CRIMES[how];
    const caught = crime.caught(result, files);
    if (!caught) failed++;
    const seen = result.findings[0]?.title ?? result.reasons[0] ?? result.outcome;
    say(
      `${caught ? 'caught' : 'MISSED'} ${how}: ${seen}${caught ? '' : ` (wanted ${crime.wanted})`}`,
    );
    signal.throwIfAborted();
  }
  say(failed === 0 ? 'self-test: all caught' : `self-test: ${failed} of ${CRASHES.length} missed`);
  return failed === 0 ? 0 : 128;
}

/** As a run chooses. @throws DmraceError (environment) where KVM was asked for and cannot be had. */
async function choose(work: Work, wanted: Accel | 'auto', spec: MachineSpec): Promise<AccelChoice> {
  if (wanted === 'tcg') return { accel: 'tcg', why: '' };
  await requireKvm(spec.arch, wanted);
  const ask = wanted === 'kvm' ? tryKvm : chooseAccel;
  return ask(work, qemuMachines, spec);
}
