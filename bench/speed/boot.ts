// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestSession } from '../../harness/guest/session.js';
import type { BuildRequest } from '../../harness/model/kernel-profile.js';
import type { Machine } from '../../harness/ports.js';
import { qemuMachines } from '../../harness/qemu/machine.js';
import type { ReadyRig } from '../../harness/rig/rig.js';
import type { BootTimes, Results } from './results.js';
import { rigOf, say } from './rig.js';

/** How often the processor is asked where it is: the resolution of the shares. */
const SAMPLE_MS = 4;
const MIB = 1 << 20;

/** Stretches of a boot, in order. */
const STRETCHES = ['firmware', 'decompression', 'kernel', 'userspace'] as const;
type Stretch = (typeof STRETCHES)[number];

/**
 * Where a processor is, by QEMU's "info registers". SeaBIOS moves its 32-bit part to the end of
 * memory; the kernel's own addresses are in the upper half; what is left between is the kernel's
 * start at physical addresses, decompression above all.
 */
export function stretchOf(registers: string, memoryMiB: number): Stretch | null {
  const [, wide, text = ''] = /\b([RE])IP=([0-9a-f]+)/.exec(registers) ?? [];
  const level = /\bCPL=(\d)/.exec(registers)?.[1];
  if (text === '') return null;
  const at = BigInt(`0x${text}`);
  if (level === '3') return 'userspace';
  if (wide === 'R' && at >= 1n << 63n) return 'kernel';
  if (at < BigInt(MIB) || (wide === 'E' && at >= BigInt((memoryMiB - 4) * MIB))) return 'firmware';
  return 'decompression';
}

const registersOf = async (machine: Machine): Promise<string> =>
  String(await machine.qmp('human-monitor-command', { 'command-line': 'info registers' }));

/** Boots the guest of the builtin placement to `ready`, and sees where the time went. */
async function bootOnce(rig: ReadyRig, signal: AbortSignal): Promise<BootTimes> {
  const spec = { ...rig.machine('builtin'), restoreFrom: null };
  const began = performance.now();
  const now = (): number => performance.now() - began;
  await using machine = await qemuMachines.start(spec, signal);
  const qemu = now();
  const session = new GuestSession(machine);
  let ready: number | null = null;
  const isReady = session
    .until(() => session.has('ready'), 120_000, signal)
    .then((failure) => {
      if (failure) throw new Error(`the guest did not get ready: ${failure.failed}`);
      ready = now();
    });
  const first = new Map<Stretch, number>();
  while (ready === null) {
    const stretch = stretchOf(await registersOf(machine), spec.memoryMiB);
    if (stretch !== null && !first.has(stretch)) first.set(stretch, now());
    await Promise.race([isReady, sleep(SAMPLE_MS)]);
  }
  const end = now();
  // A stretch that no sample saw begins, and ends, where the next one does.
  const begins = (index: number): number => {
    const name = STRETCHES[index];
    if (name === undefined) return end;
    return index === 0 ? qemu : (first.get(name) ?? begins(index + 1));
  };
  const [firmware = 0, decompression = 0, kernel = 0, userspace = 0] = STRETCHES.map(
    (_, index) => begins(index + 1) - begins(index),
  );
  return { qemu, firmware, decompression, kernel, userspace, ready: end };
}

/** Boots of the stock kernel and of the self-built `base`, in turn. */
export async function measureBoot(
  source: string,
  repeats: number,
  signal: AbortSignal,
): Promise<NonNullable<Results['boot']>> {
  const base: BuildRequest = { profiles: ['base'], config: null };
  const rigs = {
    stock: await rigOf('debian', signal),
    base: await rigOf(`src:${source}`, signal, base),
  };
  const times: { stock: BootTimes[]; base: BootTimes[] } = { stock: [], base: [] };
  for (let index = 0; index < repeats; index++) {
    for (const name of ['stock', 'base'] as const) {
      const boot = await bootOnce(rigs[name], signal);
      times[name].push(boot);
      say(`boot ${index + 1}/${repeats}: ${name} ready after ${boot.ready.toFixed(0)} ms`);
    }
  }
  return times;
}
