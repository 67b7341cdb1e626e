// SPDX-License-Identifier: MIT
import type { Arch } from './model/arch/index.js';
import type { KernelConfig } from './model/kernel.js';
import type { KernelIdentity } from './model/kernel-identity.js';
import type { AskedPlacement, Placement } from './model/placement.js';

/** A kernel that is ready to boot, with what was built for it. All paths are in the cache. */
export interface PreparedKernel {
  readonly identity: KernelIdentity;
  readonly arch: Arch;
  readonly image: string;
  readonly config: KernelConfig;
  /** Kernel parameter that makes it preemptible; may be empty. */
  readonly preemptParameter: string;
  /** Uncompressed modules to load before the guest has ports, in order. */
  readonly portModules: readonly string[];
  readonly helper: string;
  /** The suspect's module in each placement that it was prepared for: the subject's always. */
  readonly objects: Readonly<Partial<Record<AskedPlacement, string>>> & {
    readonly builtin: string;
  };
  /** vmlinux of this very kernel with debug information, where it is at hand: crash and drgn read it. */
  readonly vmlinux?: string;
  /** The planted control's module, and the one that holds its twin's method; where they are wanted. */
  readonly planted?: { readonly module: string; readonly pinned: string };
}

/** A kernel that is audited, as its files are: nothing of ours was built for it. */
export interface AuditFiles {
  readonly identity: KernelIdentity;
  readonly arch: Arch;
  readonly image: string;
  readonly config: KernelConfig;
  /** Its /lib/modules/RELEASE. */
  readonly modules: string;
}

/** A kernel that is audited in guests. */
export interface AuditKernel extends AuditFiles {
  /** Uncompressed modules to load before the guest has ports and its disk, in order. */
  readonly portModules: readonly string[];
  /** Our module, which holds references on what appears. */
  readonly auditModule: string;
  /** Planted modules, each with one mistake or as its correct twin. */
  readonly planted: readonly string[];
}

/**
 * The module that is unloaded in the guests of a placement, behind those that it needs.
 * @throws Error when the kernel was prepared without it.
 */
export function modulesOf(
  { objects, planted }: Pick<PreparedKernel, 'objects' | 'planted'>,
  placement: Placement,
): readonly [...needs: string[], object: string] {
  switch (placement) {
    case 'builtin':
    case 'in-module':
    case 'as-compiled': {
      const object = objects[placement];
      if (object === undefined) throw new Error(`the kernel was prepared without ${placement}`);
      return [object];
    }
    case 'planted':
    case 'planted-twin':
      if (!planted) throw new Error(`the kernel was prepared without ${placement}`);
      return placement === 'planted' ? [planted.module] : [planted.pinned, planted.module];
  }
}

/** Shows long work to people, stage by stage, and notes how long each took. */
export interface Stages {
  /**
   * Does a stage's work and gives back what came of it.
   * @param name of its time in {@link timing}, with `Ms` behind it
   * @param live how far it is, shown beside the title; asked once a second
   */
  stage<T>(
    stage: { readonly title: string; readonly name: string; readonly live?: () => string },
    work: (say: (line: string) => void) => Promise<T>,
  ): Promise<T>;
  /** Wall-clock milliseconds of the stages that have ended. */
  readonly timing: Readonly<Record<string, number>>;
}

/** Which accelerator QEMU uses. */
export type Accel = 'kvm' | 'tcg';

/** How a machine ended. */
export interface MachineEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** Channels between the host and a guest. */
export type Channel = 'console' | 'records' | 'commands' | 'trace';

/**
 * A running virtual machine. Disposing it kills QEMU's process group and removes its sockets; it
 * is safe to dispose it twice.
 */
export interface Machine extends AsyncDisposable {
  /** The whole command line, for qemu.argv. */
  readonly argv: readonly string[];
  /** Calls back with every chunk of a channel, from the first byte on. */
  onData(channel: Channel, listener: (chunk: Uint8Array) => void): void;
  /** Sends one line to the guest. */
  command(line: string): void;
  /** Settles when QEMU has ended, never rejects. */
  readonly ended: Promise<MachineEnd>;
  /** Calls back with the name of every QMP event. */
  onEvent(listener: (event: string) => void): void;
  /** Executes a QMP command. @throws DmraceError (environment) when QEMU refuses or is gone. */
  qmp(command: string, args?: Record<string, unknown>): Promise<unknown>;
}

/** The guest's memory, page by page, in the folder of a saved guest. */
export const SAVED_MEMORY = 'memory';
/** The rest of a saved guest: processor and devices, as QEMU's migration stream. */
export const SAVED_DEVICES = 'devices';

/** A read-only disk (virtio-blk), which the guest knows by its serial. */
export interface MachineDisk {
  readonly image: string;
  readonly serial: string;
}

/** What a machine is made of. */
export interface MachineSpec {
  readonly arch: Arch;
  readonly accel: Accel;
  readonly image: string;
  readonly initramfs: string;
  readonly parameters: readonly string[];
  readonly memoryMiB: number;
  /** Processors; one where nothing is said. */
  readonly cpus?: number;
  /** None where nothing is said. */
  readonly disks?: readonly MachineDisk[];
  /**
   * TCG counts instructions: one takes 2^icount ns of the guest's time, however busy the host is
   * (QEMU, docs/devel/tcg-icount.rst). Not beside {@link deterministic}, which has its own.
   */
  readonly icount?: number;
  /**
   * Start from the saved guest in this folder instead of booting: SAVED_MEMORY, of which the machine
   * gets a private view (changes stay its own), and SAVED_DEVICES, everything else.
   */
  readonly restoreFrom: string | null;
  /** Keep the guest's memory in SAVED_MEMORY of this folder, for a guest that is to be saved. */
  readonly memoryIn?: string;
  /** TCG with instruction counting and fixed clocks: the same input gives the same run. */
  readonly deterministic: boolean;
  /** What a guest that {@link pausesItself} goes on with; read there by vm/guest/core/pause.c. */
  readonly command?: string;
}

/**
 * Whether the guest stops itself when it is ready (vm/guest/core/pause.c), which saves a
 * deterministic guest at the same instruction every time. Elsewhere the host stops it, at any moment.
 */
export const pausesItself = (spec: MachineSpec): boolean =>
  spec.deterministic && spec.arch.qemu.pausesItself;

/** Starts machines. */
export interface Machines {
  start(spec: MachineSpec, signal: AbortSignal): Promise<Machine>;
}
