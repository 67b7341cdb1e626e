// SPDX-License-Identifier: MIT
import { checkExercises, type ReadExercise } from '../../audit/exercises.js';
import { PROGRAMS } from '../../audit/tools.js';
import { auditFiles } from '../../kernel/audit.js';
import { DmraceError } from '../../model/errors.js';
import type { Exercise } from '../../model/exercise.js';
import type { AuditFiles, Stages } from '../../ports.js';
import { ownExercise, shippedExercises } from '../../rig/audit-exercises.js';
import { telling, type Work } from '../../util/work.js';
import { auditLive, type GuestKernel, guestKernel } from './live.js';
import type { AuditedKernel, AuditParts, KernelRequest, StaticReading } from './ports.js';
import { auditStatic, type StaticAudit } from './static.js';

/** A kernel of the audit with what its parts made of it. */
interface MadeKernel extends AuditedKernel {
  readonly image: string;
  /** Its guests, where they were asked for. */
  readonly guests: GuestKernel | null;
}

const made = (kernel: AuditFiles, guests: GuestKernel | null): MadeKernel => {
  const { identity, arch, config, modules, image } = kernel;
  return { identity, arch, config, modules, image, guests };
};

async function kernelOf(work: Work, request: KernelRequest, stages: Stages): Promise<MadeKernel> {
  const { spec, build, guests: wanted, ownModules } = request;
  const asked = { spec, build };
  if (wanted === null) {
    const kernel = await stages.stage(
      { title: `Kernel ${spec}: image and modules`, name: 'kernel' },
      (say) => auditFiles(telling(work, say), asked),
    );
    return made(kernel, null);
  }
  const guestRequest = { kernel: asked, accel: wanted.accel, ownModules };
  const guests = await guestKernel(work, guestRequest, stages);
  return made(guests.rig.kernel, guests);
}

const checked = (read: readonly ReadExercise[]): readonly Exercise[] =>
  checkExercises(read, PROGRAMS);

/** What a reader should know of a reading: the weaker route, and what was not read. */
function notesOf({ weak, absent, unread, missing }: StaticAudit): string[] {
  return [
    ...(weak === null ? [] : [`the weaker route was taken, all of it hints: ${weak}`]),
    ...(absent.length === 0 ? [] : [`this kernel has no ${absent.join(', ')}`]),
    ...unread.map(({ file, why }) => `${file} was not read: it ${why}`),
    ...missing.map((name) => `no file of the kernel is ${name}`),
  ];
}

/** The real parts of `dmrace audit`. */
export const auditParts: AuditParts<MadeKernel> = {
  kernel: kernelOf,
  exercises: {
    shipped: async () => checked(await shippedExercises()),
    own: async (file) => {
      const [exercise] = checked([await ownExercise(file)]);
      if (exercise === undefined) throw new Error(`no exercise was read of ${file}`);
      return exercise;
    },
  },
  static: async (work, { modules: folder, image }, { modules, files }): Promise<StaticReading> => {
    const only = modules === null ? {} : { only: modules };
    const reading = await auditStatic(work, { modules: folder, image, own: files, ...only });
    return { modules: reading.modules, notes: notesOf(reading) };
  },
  live: (work, request) => {
    const { guests } = request.kernel;
    if (guests === null) {
      throw new DmraceError('environment', {
        observed: 'the kernel was prepared without guests',
        action: 'this is a mistake in dmrace: report it',
      });
    }
    return auditLive(work, { ...request, kernel: guests });
  },
};
