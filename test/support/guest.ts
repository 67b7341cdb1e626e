// SPDX-License-Identifier: MIT
import { newNonce } from '../../harness/campaign/plan.js';
import { buildInitramfs, guestParts } from '../../harness/initramfs/build.js';
import { judgeTrial } from '../../harness/judge/trial.js';
import { prepareKernel } from '../../harness/kernel/prepare.js';
import type { Placement } from '../../harness/model/placement.js';
import type { CrashHow } from '../../harness/model/recipe.js';
import type { PlanOf } from '../../harness/model/trial.js';
import type { MachineSpec, PreparedKernel } from '../../harness/ports.js';
import { qemuMachines } from '../../harness/qemu/machine.js';
import { guestSetUp } from '../../harness/scenarios/index.js';
import { release } from '../../harness/scenarios/release.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import { deadlines, runTrial, type TrialHost } from '../../harness/trial/trial.js';
import { testWork } from './work.js';

/** A kernel's guest for one placement, from the cache where it can; the stock kernel's without one. */
export async function guestSpec(
  placement: Placement,
  given?: PreparedKernel,
): Promise<MachineSpec> {
  const work = await testWork();
  const kernel = given ?? (await prepareKernel(work, 'debian', { suspect: DM_MOD_BUILD }));
  const own = await testWork({ arch: kernel.arch });
  return {
    arch: kernel.arch,
    accel: 'tcg',
    image: kernel.image,
    initramfs: await buildInitramfs(own, {
      guest: await guestParts(own),
      kernel,
      placement,
      setUp: guestSetUp(release),
      suspect: { name: 'dm_mod', object: 'dm-mod.ko' },
    }),
    parameters: [kernel.preemptParameter],
    memoryMiB: 192,
    restoreFrom: null,
    deterministic: false,
  };
}

/** Where a guest is run that nobody interrupts. */
export const hostOf = (spec: MachineSpec): TrialHost => ({
  machines: qemuMachines,
  spec,
  signal: new AbortController().signal,
});

/** A plan of the ten steps with a nonce of its own. */
export const trialPlan = (placement: Placement): PlanOf<'release-return'> => ({
  recipe: 'release-return',
  placement,
  index: 0,
  seed: 7,
  nonce: newNonce(),
  scenario: 'release',
});

/** A plan of a guest that is to break its own kernel. */
export const crashPlan = (how: CrashHow): PlanOf<'crash'> => ({
  ...trialPlan('builtin'),
  recipe: 'crash',
  scenario: 'self-test',
  how,
});

/** A trial that boots, with more of a spec where it is given, and what is judged of it. */
export async function bootedTrial(placement: Placement, more: Partial<MachineSpec> = {}) {
  const plan = trialPlan(placement);
  const host = hostOf({ ...(await guestSpec(placement)), ...more });
  const { files } = await runTrial(host, plan, deadlines(plan, host.spec));
  return { files, result: judgeTrial(files) };
}
