// SPDX-License-Identifier: MIT
import { hostname } from 'node:os';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import type { Accel, MachineSpec, Machines } from '../ports.js';
import { BOOTED, type Cache, contentKey, requireWhole } from '../util/cache.js';
import type { Work } from '../util/work.js';
import { recall, remember, rememberedWords, stillHolds } from './accel-memory.js';
import { boots, type Probed } from './accel-probe.js';
import { hostFacts } from './host-cpu.js';
import { kvmProblem } from './kvm-access.js';
import { qemuVersionText } from './version.js';

/** The accelerator to use, and what there is to say of the choice: why not KVM, or from when it is. */
export interface AccelChoice {
  readonly accel: Accel;
  readonly why: string;
}

/** Where the answers of boots are kept. */
export const accelFolder = (cache: Pick<Cache, 'root'>): string => path.join(cache.root, 'accel');

/**
 * Chooses KVM only if this very kernel reaches userspace under it: /dev/kvm can exist, open and
 * still kill every guest (nested hosts). The answer is kept for this host, kernel and QEMU; that a
 * deadline passed tells of the load at that time, and is not kept.
 * @throws DmraceError (environment) without QEMU; AbortError after an interrupt.
 */
export async function chooseAccel(
  work: Pick<Work, 'cache' | 'say' | 'signal'>,
  machines: Machines,
  spec: MachineSpec,
): Promise<AccelChoice> {
  const { cache, say, signal } = work;
  const problem = await kvmProblem(spec.arch);
  if (problem !== null) {
    return { accel: 'tcg', why: `${problem.observed}; for KVM, ${problem.action}` };
  }
  const file = await memoryFile(spec, cache);
  const known = await recall(file);
  if (known && stillHolds(known, Date.now())) {
    return { accel: known.accel, why: rememberedWords(known, file) };
  }
  say('trying KVM by booting the kernel under it');
  const probed = await boots(machines, { ...spec, accel: 'kvm' }, signal);
  signal.throwIfAborted();
  await keep(cache, file, spec, probed);
  return probed.how === 'boots'
    ? { accel: 'kvm', why: '' }
    : { accel: 'tcg', why: `/dev/kvm opens, but ${probed.why}` };
}

/**
 * For `--accel kvm`: whether guests live under KVM here. A kernel that does not boot under TCG
 * either is no fault of KVM's: its trials say what is wrong with it.
 * @throws DmraceError (environment) when KVM kills guests that live under TCG.
 */
export async function tryKvm(
  work: Pick<Work, 'cache' | 'say' | 'signal'>,
  machines: Machines,
  spec: MachineSpec,
): Promise<AccelChoice> {
  const { cache, say, signal } = work;
  const file = await memoryFile(spec, cache);
  const known = await recall(file);
  // A failure that is remembered is not taken for an answer to somebody who asks for KVM.
  if (known?.accel === 'kvm') return { accel: 'kvm', why: rememberedWords(known, file) };
  say('trying KVM by booting the kernel under it');
  const probed = await boots(machines, { ...spec, accel: 'kvm' }, signal);
  signal.throwIfAborted();
  await keep(cache, file, spec, probed);
  if (probed.how === 'boots') return { accel: 'kvm', why: '' };
  say(`${probed.why}; trying the same kernel under TCG`);
  const emulated = await boots(machines, { ...spec, accel: 'tcg' }, signal);
  signal.throwIfAborted();
  if (emulated.how !== 'boots') {
    return { accel: 'kvm', why: `${probed.why}; under TCG ${emulated.why}` };
  }
  throw new DmraceError('environment', {
    observed: `KVM is wanted and /dev/kvm opens, but ${probed.why}; the same kernel boots under TCG`,
    action: `give --accel tcg, and QEMU emulates${probed.how === 'late' ? '; or raise --patience, if this machine is slow' : ''}`,
  });
}

async function memoryFile(spec: MachineSpec, cache: Cache): Promise<string> {
  const version = await qemuVersionText(spec.arch);
  const host = [hostname(), ...(await hostFacts())];
  const key = contentKey([...host, version, spec.image, spec.arch.name]);
  return path.join(accelFolder(cache), `${key}.json`);
}

async function keep(
  cache: Cache,
  file: string,
  { image }: MachineSpec,
  probed: Probed,
): Promise<void> {
  // A guest that is damaged dies under KVM too, and that is not to be remembered of KVM.
  if (probed.how !== 'boots') await requireWhole(cache, BOOTED);
  if (probed.how === 'late') return;
  const made = { at: new Date().toISOString(), host: hostname(), image };
  const answer =
    probed.how === 'boots'
      ? { accel: 'kvm' as const, why: '' }
      : { accel: 'tcg' as const, why: `/dev/kvm opens, but ${probed.why}` };
  await remember(file, { ...answer, ...made });
}
