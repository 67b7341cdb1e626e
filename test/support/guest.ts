// SPDX-License-Identifier: GPL-2.0-only
import { randomBytes } from 'node:crypto';
import { buildInitramfs } from '../../harness/initramfs/build.js';
import { prepareKernel } from '../../harness/kernel/prepare.js';
import { ARCH } from '../../harness/model/arch/index.js';
import type { Placement } from '../../harness/model/placement.js';
import type { TrialPlan } from '../../harness/model/trial.js';
import type { MachineSpec, PreparedKernel } from '../../harness/ports.js';
import { openCache } from '../../harness/util/cache.js';

const quiet = (): void => undefined;

/** A kernel's guest for one placement, from the cache where it can; the stock kernel's without one. */
export async function guestSpec(
  placement: Placement,
  given?: PreparedKernel,
): Promise<MachineSpec> {
  const cache = await openCache();
  const kernel = given ?? (await prepareKernel(cache, 'debian', ARCH.x86_64, quiet));
  return {
    arch: kernel.arch,
    accel: 'tcg',
    image: kernel.image,
    initramfs: await buildInitramfs(cache, kernel, placement, true, quiet),
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
