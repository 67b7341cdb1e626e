// SPDX-License-Identifier: GPL-2.0-only
import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { hostname, release } from 'node:os';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { GuestSession } from '../guest/session.js';
import { headlineOf } from '../model/errors.js';
import type { Accel, MachineSpec, Machines } from '../ports.js';
import { BOOTED, contentKey, requireWhole } from '../util/cache.js';
import { runTool } from '../util/command.js';
import type { Work } from '../util/work.js';

/** A guest under working KVM reaches userspace in 2 s; one that has died never does. */
const PROBE_DEADLINE_MS = 10_000;

const Remembered = z.strictObject({ accel: z.enum(['kvm', 'tcg']), why: z.string() });

/** The accelerator to use, and why not KVM when it is not. */
export type AccelChoice = z.infer<typeof Remembered>;

/**
 * Chooses KVM only if this very kernel reaches userspace under it: /dev/kvm can exist, open and
 * still kill every guest (nested hosts). The answer is kept for this host, kernel and QEMU.
 * @throws DmraceError (environment) without QEMU; AbortError after an interrupt.
 */
export async function chooseAccel(
  work: Pick<Work, 'cache' | 'say' | 'signal'>,
  machines: Machines,
  spec: MachineSpec,
): Promise<AccelChoice> {
  const { cache, say, signal } = work;
  const absent = await kvmProblem(spec);
  if (absent !== null) return { accel: 'tcg', why: absent };

  const version = await runTool(spec.arch.qemu.binary, ['--version']);
  const key = contentKey([hostname(), release(), version, spec.image, spec.arch.name]);
  const file = path.join(cache.root, 'accel', `${key}.json`);
  const known = Remembered.safeParse(
    await readFile(file, 'utf8')
      .then(
        (text): unknown => JSON.parse(text),
        () => null,
      )
      .catch(() => null),
  );
  if (known.success) return known.data;

  say('trying KVM by booting the kernel under it');
  const choice = await probe(work, machines, { ...spec, accel: 'kvm' });
  signal.throwIfAborted();
  // A guest that is damaged dies under KVM too, and that is not to be remembered of KVM.
  if (choice.accel === 'tcg') await requireWhole(cache, BOOTED);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(choice)}\n`);
  return choice;
}

async function kvmProblem(spec: MachineSpec): Promise<string | null> {
  if (spec.arch.names.node !== process.arch) return `a ${spec.arch.name} guest on ${process.arch}`;
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unusable';
    return `/dev/kvm: ${code}`;
  }
}

async function probe(
  { signal }: Pick<Work, 'signal'>,
  machines: Machines,
  spec: MachineSpec,
): Promise<AccelChoice> {
  const started = Date.now();
  try {
    await using machine = await machines.start(spec, signal);
    const session = new GuestSession(machine);
    let stopped = false;
    // A guest that KVM cannot run is stopped by QEMU ("KVM internal error") and sits there.
    machine.onEvent((event) => {
      stopped ||= event === 'STOP' || event === 'GUEST_PANICKED';
      session.poke();
    });
    const failure = await session.until(
      () => stopped || session.has('boot'),
      PROBE_DEADLINE_MS,
      signal,
    );
    if (session.has('boot')) return { accel: 'kvm' satisfies Accel, why: '' };
    const how = stopped
      ? 'the guest died'
      : failure?.failed === 'deadline'
        ? `no userspace within ${PROBE_DEADLINE_MS} ms`
        : 'QEMU ended';
    return { accel: 'tcg', why: `/dev/kvm opens, but ${how} after ${Date.now() - started} ms` };
  } catch (error) {
    if (signal.aborted) throw error;
    return { accel: 'tcg', why: `/dev/kvm opens, but ${headlineOf(error)}` };
  }
}
