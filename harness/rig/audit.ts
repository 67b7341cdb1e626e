// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { moduleName } from '../audit/live/names.js';
import { patienceParameters } from '../guest/patience.js';
import { buildAuditInitramfs } from '../initramfs/audit.js';
import { prepareAuditKernel } from '../kernel/audit.js';
import type { AuditKernelRequest } from '../kernel/auditable.js';
import { headlineOf, isOfKind } from '../model/errors.js';
import type { Accel, AuditKernel, MachineSpec, Stages } from '../ports.js';
import { chooseAccel, tryKvm } from '../qemu/accel.js';
import { pasteable } from '../qemu/command-line.js';
import { qemuMachines } from '../qemu/machine.js';
import { READY_DEADLINE_MS } from '../trial/trial.js';
import { mending, requireWhole } from '../util/cache.js';
import { telling, type Work } from '../util/work.js';
import { type AuditDisks, auditDisks } from './audit-disk.js';
import { ModuleFiles } from './audit-modules.js';
import { BOOT_ARGV, type ReadyState, readyStateIn, saveReadyState } from './ready-state.js';
import { keyOf } from './ready-states.js';
import { pruneReady, READY_LIMIT_BYTES, use } from './ready-use.js';
import { qemuVersion } from './rig.js';

/** A full flavour boots longer than the guests of trials, the more so where instructions are counted. */
export const BOOT_MS = 3 * READY_DEADLINE_MS;

/** Memory of an audit's guest: the largest modules, and Debian's tools in its page cache. */
export const AUDIT_MEMORY_MIB = 512;

/**
 * Whose guest it is: `watch` has our module, which holds references and taints the kernel; `bare` has
 * none, expedites RCU and lets real-time processes run as long as they like.
 */
export type AuditGuestKind = 'watch' | 'bare';

/** What an audit's rig is wanted for. */
export interface AuditRigRequest {
  readonly kernel: AuditKernelRequest;
  readonly accel: Accel | 'auto';
  /** A developer's own .ko files (--module). */
  readonly modules: readonly string[];
}

/**
 * Makes everything that visits on one kernel need: the kernel with our module and the planted ones,
 * the disks of modules and tools, the saved guest.
 * @throws DmraceError as the parts do; AbortError after an interrupt
 */
export async function prepareAuditRig(
  work: Work,
  request: AuditRigRequest,
  stages: Stages,
): Promise<AuditRig> {
  const tell = (line: string): Promise<void> =>
    stages.stage({ title: 'Cache: damaged entries are made again', name: 'mend' }, async (say) =>
      say(line),
    );
  return mending(work, tell, () => prepareOnce(work, request, stages));
}

async function prepareOnce(
  work: Work,
  request: AuditRigRequest,
  stages: Stages,
): Promise<AuditRig> {
  const kernel = await stages.stage(
    { title: `Kernel ${request.kernel.spec}: image, our module, planted mistakes`, name: 'kernel' },
    (say) => prepareAuditKernel(telling(work, say), request.kernel),
  );
  const disks = await stages.stage(
    { title: 'Disks: the kernel’s modules, Debian’s tools', name: 'disks' },
    (say) =>
      auditDisks(telling(work, say), {
        release: kernel.identity.release,
        modules: kernel.modules,
        extra: [...kernel.planted, ...request.modules],
      }),
  );
  const initramfs = await stages.stage({ title: 'Guest: initramfs', name: 'initramfs' }, (say) =>
    initramfsOf(telling(work, say), kernel),
  );
  const { accel, qemu } = await stages.stage({ title: 'Accelerator', name: 'accel' }, (say) =>
    accelOf(telling(work, say), request, specOf(kernel, disks, 'tcg', initramfs.bare)),
  );
  const rig = new AuditRig(work, { kernel, disks, initramfs, accel, qemu, own: request.modules });
  await stages.stage(
    { title: 'Ready state: a guest booted once and saved', name: 'ready' },
    (say) => rig.save('watch', telling(work, say)),
  );
  return rig;
}

async function initramfsOf(
  work: Work,
  kernel: AuditKernel,
): Promise<Readonly<Record<AuditGuestKind, string>>> {
  const watch = await buildAuditInitramfs(work, kernel, true);
  return { watch, bare: await buildAuditInitramfs(work, kernel, false) };
}

async function accelOf(
  work: Work,
  { accel }: AuditRigRequest,
  spec: MachineSpec,
): Promise<{ accel: Accel; qemu: string }> {
  const qemu = await qemuVersion(work.arch);
  if (accel === 'tcg') return { accel, qemu };
  const chosen = await (accel === 'kvm' ? tryKvm : chooseAccel)(work, qemuMachines, spec);
  work.say(chosen.why === '' ? chosen.accel : `${chosen.accel}: ${chosen.why}`);
  return { accel: chosen.accel, qemu };
}

/** Crashes are KERN_DEFAULT, level 4; what modules have to say is not, and a serial port is slow. */
const LOGLEVEL = 'loglevel=5';

/**
 * 2 ns an instruction. A window of the untouched kernel is as long as its timer ticks: on a busy host
 * the guest would get through a tenth of the instructions that a processor has time for.
 */
const BARE_ICOUNT = 1;

const specOf = (
  kernel: AuditKernel,
  { disks }: AuditDisks,
  accel: Accel,
  initramfs: string,
): MachineSpec => ({
  arch: kernel.arch,
  accel,
  image: kernel.image,
  initramfs,
  parameters: [LOGLEVEL, ...kernel.arch.kernel.auditParameters, ...patienceParameters()],
  memoryMiB: AUDIT_MEMORY_MIB,
  restoreFrom: null,
  deterministic: false,
  disks,
});

/** What an audit's rig is made of. */
interface Parts {
  readonly kernel: AuditKernel;
  readonly disks: AuditDisks;
  readonly initramfs: Readonly<Record<AuditGuestKind, string>>;
  readonly accel: Accel;
  readonly qemu: string;
  /** The developer's own modules. */
  readonly own: readonly string[];
}

/** A machine that is ready for visits on one kernel. It owns files in the cache only. */
export class AuditRig {
  readonly kernel: AuditKernel;
  readonly qemu: string;
  readonly accel: Accel;
  /** Names of all programs that commands of exercises find. */
  readonly programs: ReadonlySet<string>;
  /** What the files of the kernel's modules say. */
  readonly files: ModuleFiles;
  readonly #parts: Parts;
  readonly #saved = new Map<AuditGuestKind, Promise<ReadyState | null>>();

  constructor(
    readonly work: Work,
    parts: Parts,
  ) {
    this.#parts = parts;
    this.kernel = parts.kernel;
    this.qemu = parts.qemu;
    this.accel = parts.accel;
    this.programs = parts.disks.programs;
    const extra = [...parts.kernel.planted, ...parts.own];
    const own = new Map(extra.map((file) => [moduleName(file), file]));
    this.files = new ModuleFiles(parts.kernel.modules, own);
  }

  /** The machine of a guest that boots. */
  boots(kind: AuditGuestKind): MachineSpec {
    const { kernel, disks, accel, initramfs } = this.#parts;
    const spec = specOf(kernel, disks, accel, initramfs[kind]);
    return kind === 'bare' && accel === 'tcg' ? { ...spec, icount: BARE_ICOUNT } : spec;
  }

  /** The saved guest of a kind, made first where it is not there; null: guests boot. */
  save(kind: AuditGuestKind, work: Work = this.work): Promise<ReadyState | null> {
    const saved = this.#saved.get(kind) ?? savedGuest(work, this.boots(kind), kind);
    this.#saved.set(kind, saved);
    return saved;
  }
}

/** Boots a guest once and saves it. Where that does not work, one line says so. */
async function savedGuest(
  work: Work,
  spec: MachineSpec,
  kind: AuditGuestKind,
): Promise<ReadyState | null> {
  const { cache, signal, say } = work;
  const key = await keyOf(spec);
  try {
    const make = (): Promise<string> =>
      cache.entry('ready', key, async (directory) => {
        const started = performance.now();
        const host = { machines: qemuMachines, spec, signal };
        const argv = await saveReadyState(host, directory, async () => undefined, BOOT_MS);
        await writeFile(path.join(directory, BOOT_ARGV), pasteable(argv));
        say(`${kind}: booted and saved in ${((performance.now() - started) / 1000).toFixed(1)} s`);
      });
    let entry = await make();
    let state = await readyStateIn(entry);
    if (!state) {
      say(`${kind}: the saved state in ${entry} is damaged; booting and saving again`);
      await cache.discard('ready', key);
      entry = await make();
      state = await readyStateIn(entry);
    }
    await cache.locked(`ready-${key}`, () => use(entry));
    await pruneReady(cache, READY_LIMIT_BYTES);
    return state;
  } catch (error) {
    if (signal.aborted || isOfKind(error, 'cache-mended')) throw error;
    await requireWhole(cache);
    say(`${kind}: guests boot, because the ready state cannot be used: ${headlineOf(error)}`);
    return null;
  }
}

/** The names that the kernel's image has built in. */
export async function builtinModules({
  modules,
}: Pick<AuditKernel, 'modules'>): Promise<ReadonlySet<string>> {
  const text = await readFile(path.join(modules, 'modules.builtin'), 'utf8').catch(() => '');
  return new Set(text.split('\n').filter(Boolean).map(moduleName));
}
