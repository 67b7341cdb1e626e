// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import { buildInitramfs } from '../initramfs/build.js';
import { prepareKernel } from '../kernel/prepare.js';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import type { BuildRequest } from '../model/kernel-profile.js';
import type { Placement } from '../model/placement.js';
import type { Scenario } from '../model/scenario.js';
import type { TrialPlan } from '../model/trial.js';
import {
  type Accel,
  type Machine,
  type MachineSpec,
  type PreparedKernel,
  pausesItself,
  type Report,
} from '../ports.js';
import { chooseAccel } from '../qemu/accel.js';
import { GUEST_MEMORY_MIB } from '../qemu/command-line.js';
import { qemuMachines } from '../qemu/machine.js';
import { bootOf, type ReadyState, type StateRefused } from './ready-state.js';
import type { StartOptions } from '../trial/trial.js';
import type { Cache } from '../util/cache.js';
import { runTool } from '../util/command.js';
import type { Stage } from '../cli/progress.js';
import { requireForScenario } from './scenario-needs.js';
import { type Codes, readCode } from './code.js';
import { ReadyStates, restored } from './ready-states.js';

/** First line of what QEMU says of its version. @throws DmraceError (environment) without QEMU. */
export const qemuVersion = async (arch: Arch): Promise<string> =>
  (await runTool(arch.qemu.binary, ['--version'])).split('\n')[0] ?? '';

/** What a rig is wanted for. */
export interface RigRequest {
  /** As given with --kernel. */
  readonly kernel: string;
  readonly arch: Arch;
  /** How a `src:` kernel is configured. */
  readonly build?: BuildRequest;
  readonly placements: readonly Placement[];
  /** Whose guest it is: a kernel that it cannot run on is refused. */
  readonly scenario: Scenario;
  readonly accel: Accel | 'auto';
  /** Same seed, same bits: TCG with instruction counting. */
  readonly deterministic?: boolean;
}

/**
 * Everything that trials on one kernel need: the kernel with its control and helper, the guest of
 * each placement, the accelerator, and the saved ready states. Commands that run trials put
 * {@link stages} before their own; the rest of a rig may be asked for only after they have run.
 * It owns files in the cache only: there is nothing to dispose.
 */
export class Rig {
  /** What was read of the booted release methods; filled while guests get ready. */
  readonly codes: Codes = {};
  /** How long each stage took, in ms, by `NAMEMs`. */
  readonly timing: Record<string, number> = {};
  #kernel: PreparedKernel | null = null;
  #accel: Accel | null = null;
  #qemu = '';
  readonly #initramfs = new Map<Placement, string>();
  #states: ReadyStates | null = null;

  constructor(
    readonly cache: Cache,
    readonly request: RigRequest,
    readonly signal: AbortSignal,
  ) {}

  get kernel(): PreparedKernel {
    if (!this.#kernel) throw new Error('stages run in order');
    return this.#kernel;
  }

  get accel(): Accel {
    if (!this.#accel) throw new Error('stages run in order');
    return this.#accel;
  }

  /** See {@link qemuVersion}. */
  get qemu(): string {
    return this.#qemu;
  }

  /** Name of each placement's initramfs in the cache: the same name is the same content. */
  get guests(): Partial<Record<Placement, string>> {
    const names = [...this.#initramfs].map(([placement, file]) => [
      placement,
      path.basename(path.dirname(file)),
    ]);
    return Object.fromEntries(names);
  }

  /** The machine on which trials of a placement start. */
  spec(placement: Placement): MachineSpec {
    const { kernel } = this;
    return {
      arch: kernel.arch,
      accel: this.accel,
      image: kernel.image,
      initramfs: this.#initramfs.get(placement) ?? '',
      parameters: [kernel.preemptParameter].filter(Boolean),
      memoryMiB: GUEST_MEMORY_MIB,
      restoreFrom: this.#states?.get(placement)?.folder ?? null,
      deterministic: this.request.deterministic === true,
    };
  }

  /** The saved guest of a placement; null where saving did not work and trials boot. */
  ready(placement: Placement): ReadyState | null {
    return this.#states?.get(placement) ?? null;
  }

  /**
   * How a trial's machine comes to be ready.
   * @param attach called before a restored guest begins its trial
   */
  start(plan: TrialPlan, attach?: (machine: Machine) => Promise<void>): StartOptions {
    const state = this.#states?.get(plan.placement);
    if (state) {
      const paused = pausesItself(this.spec(plan.placement));
      // A guest that does not pause waits for its command, which comes after `whenReady`.
      return {
        restored: restored(state, paused, attach),
        ...(attach && !paused ? { whenReady: attach } : {}),
      };
    }
    return plan.index === 0 ? { whenReady: readCode(plan.placement, this.kernel, this.codes) } : {};
  }

  /** Makes a saved guest again that QEMU has refused; see {@link ReadyStates.remake}. */
  async remake(placement: Placement, refused: StateRefused, report: Report): Promise<boolean> {
    return (await this.#states?.remake(placement, refused, report)) ?? false;
  }

  /** How the saved guest of a placement had booted: the files to keep; empty without one. */
  async bootOf(placement: Placement): Promise<ReadonlyMap<string, Uint8Array>> {
    const state = this.#states?.get(placement);
    return state ? bootOf(state) : new Map();
  }

  /** Runs a part of the work and notes how long it took. */
  async timed(name: string, work: () => Promise<void>): Promise<void> {
    const before = performance.now();
    await work();
    this.timing[`${name}Ms`] = Math.round(performance.now() - before);
    this.signal.throwIfAborted();
  }

  /** The stages that set the rig up, in order. */
  stages(): Stage[] {
    const stage = (
      title: string,
      name: string,
      work: (report: Report) => Promise<void>,
    ): Stage => ({ title, work: (report) => this.timed(name, () => work(report)) });
    return [
      stage(`Kernel ${this.request.kernel}: image, modules, control, helper`, 'kernel', (report) =>
        this.#prepareKernel(report),
      ),
      stage('Guest: initramfs of each placement', 'initramfs', (report) =>
        this.#buildInitramfs(report),
      ),
      stage('Accelerator', 'accel', (report) => this.#chooseAccel(report)),
      stage('Ready state: each placement booted once and saved', 'ready', (report) =>
        this.#makeReady(report),
      ),
    ];
  }

  async #prepareKernel(report: Report): Promise<void> {
    const { kernel, arch, build, scenario } = this.request;
    this.#kernel = await prepareKernel(this.cache, kernel, arch, report, {
      ...(build === undefined ? {} : { build }),
      signal: this.signal,
    });
    requireForScenario(scenario, this.#kernel);
    report(`${this.#kernel.identity.release}, ${this.#kernel.identity.preempt}`);
  }

  async #buildInitramfs(report: Report): Promise<void> {
    for (const placement of this.request.placements) {
      const file = await buildInitramfs(
        this.cache,
        this.kernel,
        placement,
        this.request.scenario.helper,
        report,
        this.signal,
      );
      this.#initramfs.set(placement, file);
    }
  }

  async #chooseAccel(report: Report): Promise<void> {
    const { accel, arch, placements } = this.request;
    this.#qemu = await qemuVersion(arch);
    this.#accel = accel === 'kvm' ? 'kvm' : 'tcg';
    let why = '';
    if (this.request.deterministic && accel !== 'kvm') {
      report('tcg: only it counts instructions, which --deterministic needs');
      return;
    }
    if (accel === 'auto') {
      const [first = 'builtin'] = placements;
      const chosen = await chooseAccel(
        qemuMachines,
        this.spec(first),
        this.cache,
        report,
        this.signal,
      );
      this.#accel = chosen.accel;
      why = chosen.why;
    }
    report(why === '' ? this.#accel : `${this.#accel}: ${why}`);
  }

  async #makeReady(report: Report): Promise<void> {
    const states = new ReadyStates({
      cache: this.cache.telling(report),
      kernel: this.kernel,
      specOf: (placement) => this.spec(placement),
      codes: this.codes,
      signal: this.signal,
    });
    this.#states = states;
    await states.prepare(this.request.placements, report);
    const without = this.request.placements.filter((placement) => !states.get(placement));
    if (!this.request.deterministic || without.length === 0) return;
    throw new DmraceError('environment', {
      observed: `no saved ready state of ${without.join(' and ')}, from which deterministic trials start: a booting guest would get its command at any moment`,
      action: 'see the line above for why it could not be saved, or run without --deterministic',
    });
  }
}
