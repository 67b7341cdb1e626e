// SPDX-License-Identifier: MIT
import type { Arch } from '../../model/arch/index.js';
import { DmraceError } from '../../model/errors.js';
import type { KernelIdentity } from '../../model/kernel-identity.js';
import { PLACEMENTS, type Placement } from '../../model/placement.js';
import { type KvmProblem, kvmProblem } from '../../qemu/kvm-access.js';
import type { RunNote } from '../../runs/run-note.js';

/** What a trial needs to be run again, as a run notes it. */
export type Needs = Pick<RunNote, 'dmrace' | 'qemu' | 'guests' | 'kernel'>;

const KERNEL: Readonly<Partial<Record<keyof KernelIdentity, string>>> = {
  release: 'kernel release',
  version: 'kernel version',
  arch: 'architecture',
  preempt: 'preemption',
  configSha256: 'kernel configuration (SHA-256)',
  imageSha256: 'kernel image (SHA-256)',
};

/** A series by its content: where its files lie, and what they are called, does not matter. */
const seriesOf = ({ patches = [] }: KernelIdentity): string =>
  patches.map(({ sha256 }) => sha256.slice(0, 12)).join(', ') || 'none';

/**
 * What a recorded run needs and this machine has otherwise, one line each; of what the record does
 * not tell nothing can be said. The guest is compared last and only when all else agrees: another
 * kernel has other modules in it.
 */
export function unmet(
  recorded: Needs,
  now: Partial<Needs>,
  placements: readonly Placement[] = PLACEMENTS,
): string[] {
  const lines: string[] = [];
  const say = (what: string, before: string | undefined, after: string | undefined): void => {
    if (before === undefined || after === undefined || before === after) return;
    lines.push(`${what} was ${before}, now it is ${after}`);
  };
  say('version of dmrace', recorded.dmrace, now.dmrace);
  say('QEMU', recorded.qemu, now.qemu);
  for (const [field, what] of Object.entries(KERNEL) as [keyof KernelIdentity, string][]) {
    const value = (kernel: KernelIdentity | undefined): string | undefined =>
      kernel?.[field] === undefined ? undefined : String(kernel[field]);
    say(what, value(recorded.kernel), value(now.kernel));
  }
  say('series of --patch', seriesOf(recorded.kernel), now.kernel && seriesOf(now.kernel));
  if (lines.length > 0) return lines;
  for (const placement of placements) {
    say(
      `guest of ${placement} (the suspect’s module, the programs of dmrace)`,
      recorded.guests?.[placement],
      now.guests?.[placement],
    );
  }
  return lines;
}

/** @throws DmraceError (environment) that names everything that differs. */
export function requireSame(
  folder: string,
  recorded: Needs,
  now: Partial<Needs>,
  placements?: readonly Placement[],
): void {
  const lines = unmet(recorded, now, placements);
  if (lines.length === 0) return;
  throw new DmraceError('environment', {
    observed: `the run cannot be replayed here: ${lines.join('; ')}`,
    artefact: folder,
    action: 'replay it where those are, or run it anew with dmrace run',
  });
}

/** What a record is silent about, which is therefore not checked. */
export function unchecked(recorded: Needs): string[] {
  const silent = [
    ...(recorded.qemu === undefined ? ['QEMU’s version'] : []),
    ...(recorded.kernel.imageSha256 === undefined ? ['the kernel image'] : []),
    ...(recorded.guests === undefined ? ['the guest’s modules and programs'] : []),
  ];
  return silent.length === 0
    ? []
    : [`the run recorded nothing of ${silent.join(', ')}: whether they are the same is unknown`];
}

/**
 * A run made under KVM is replayed under KVM, unless TCG is asked for: its trials then take other
 * times, and only outcomes are compared.
 * @throws DmraceError (environment) where KVM cannot be had.
 */
export async function requireAccel(
  folder: string,
  recorded: RunNote['accel'],
  wanted: string,
  arch: Arch,
): Promise<void> {
  if (wanted !== 'kvm') return;
  const problem = await kvmProblem(arch);
  if (problem !== null) throw noKvm(folder, recorded, problem);
}

/** What {@link requireAccel} throws. */
export const noKvm = (
  folder: string,
  recorded: RunNote['accel'],
  problem: KvmProblem,
): DmraceError =>
  new DmraceError('environment', {
    observed:
      recorded === 'kvm'
        ? `the run was made under KVM, which this machine does not offer: ${problem.observed}`
        : `--accel kvm: ${problem.observed}`,
    artefact: folder,
    action: `replay it under TCG, which takes longer: dmrace replay ${folder} --accel tcg; or, for KVM, ${problem.action}`,
  });
