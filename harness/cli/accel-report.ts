// SPDX-License-Identifier: MIT
import { hostname } from 'node:os';
import path from 'node:path';
import type { Arch } from '../model/arch/index.js';
import { lastOn, type Remembered } from '../qemu/accel-memory.js';
import { KVM_DEVICE, type KvmProblem, kvmProblem } from '../qemu/kvm-access.js';
import { cacheDirectory } from '../util/cache.js';

/** What a boot said last on this host. */
export interface LastBoot {
  readonly memory: Remembered;
  readonly file: string;
}

/** The doctor's section on the accelerator: device, permission, what a boot said. */
export function accelLines(problem: KvmProblem | null, last: LastBoot | null): string[] {
  if (problem !== null) {
    return [
      `accelerator: tcg, QEMU emulates; ${problem.observed}`,
      `  for KVM, which is faster: ${problem.action}`,
    ];
  }
  const opens = `${KVM_DEVICE} is there and may be opened`;
  if (last === null) {
    return [
      `accelerator: ${opens}; no guest has been booted under it yet`,
      '  dmrace doctor --self-test boots one, as does every run',
    ];
  }
  const { memory, file } = last;
  const boot = `${path.basename(memory.image)} on ${memory.at}`;
  return memory.accel === 'kvm'
    ? [`accelerator: kvm; ${opens}, and a guest lived under it (${boot})`]
    : [
        `accelerator: tcg; ${memory.why} (${boot})`,
        `  a failure is remembered for a day; remove ${file} to have it tried again`,
      ];
}

/** The same of this host. Nothing is booted. */
export async function accelReport(arch: Arch): Promise<string[]> {
  const folder = path.join(cacheDirectory(), 'accel');
  return accelLines(await kvmProblem(arch), await lastOn(folder, hostname()));
}
