// SPDX-License-Identifier: GPL-2.0-only
import { randomBytes } from 'node:crypto';
import { buildInitramfs } from '../../harness/initramfs/build.js';
import { prepareKernel } from '../../harness/kernel/prepare.js';
import type { Placement } from '../../harness/model/placement.js';
import type { TrialPlan } from '../../harness/model/trial.js';
import type { MachineSpec, PreparedKernel } from '../../harness/ports.js';
import { guestSetUp } from '../../harness/scenarios/index.js';
import { release } from '../../harness/scenarios/release.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import { openCache } from '../../harness/util/cache.js';
import { testWork } from './work.js';

const quiet = (): void => undefined;

/** A kernel's guest for one placement, from the cache where it can; the stock kernel's without one. */
export async function guestSpec(
  placement: Placement,
  given?: PreparedKernel,
): Promise<MachineSpec> {
  const cache = await openCache();
  const kernel =
    given ?? (await prepareKernel(await testWork(), 'debian', { suspect: DM_MOD_BUILD }));
  return {
    arch: kernel.arch,
    accel: 'tcg',
    image: kernel.image,
    initramfs: await buildInitramfs(
      { cache, arch: kernel.arch, say: quiet, signal: new AbortController().signal },
      {
        kernel,
        placement,
        setUp: guestSetUp(release),
        suspect: { name: 'dm_mod', object: 'dm-mod.ko' },
      },
    ),
    parameters: [kernel.preemptParameter],
    memoryMiB: 192,
    restoreFrom: null,
    deterministic: false,
  };
}

/** A plan with a nonce of its own. */
export function trialPlan(placement: Placement, scenario = 'release'): TrialPlan {
  return {
    placement,
    index: 0,
    seed: 7,
    nonce: randomBytes(16).toString('hex'),
    scenario,
    yieldAfter: 0,
  };
}
