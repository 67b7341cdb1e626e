// SPDX-License-Identifier: MIT
import path from 'node:path';
import { patienceParameters } from '../guest/patience.js';
import { buildInitramfs, type GuestParts, guestParts } from '../initramfs/build.js';
import { prepareKernel } from '../kernel/prepare.js';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import type { BuildRequest } from '../model/kernel-profile.js';
import { orderedPlacements, type Placement } from '../model/placement.js';
import { SUBJECT } from '../model/role.js';
import type { Scenario } from '../model/scenario.js';
import type { TrialPlan } from '../model/trial.js';
import {
  type Accel,
  type Machine,
  type MachineSpec,
  type PreparedKernel,
  pausesItself,
  type Stages,
} from '../ports.js';
import { chooseAccel, tryKvm } from '../qemu/accel.js';
import { GUEST_MEMORY_MIB } from '../qemu/command-line.js';
import { qemuMachines } from '../qemu/machine.js';
import { qemuVersionText } from '../qemu/version.js';
import { RECIPES } from '../recipes/index.js';
import { guestSetUp, staged } from '../scenarios/index.js';
import type { StartOptions, TrialHost } from '../trial/trial.js';
import { BOOTED, mending } from '../util/cache.js';
import { together } from '../util/together.js';
import { type Say, telling, type Work } from '../util/work.js';
import { type Codes, readCode } from './code.js';
import { bootOf, type ReadyState, type StateRefused } from './ready-state.js';
import { ReadyStates, restored } from './ready-states.js';
import { requireCpus, requireForScenario } from './scenario-needs.js';

/** First line of what QEMU says of its version. @throws DmraceError (environment) without QEMU. */
export const qemuVersion = async (arch: Arch): Promise<string> =>
  (await qemuVersionText(arch)).split('\n')[0] ?? '';

/** What a rig is wanted for. */
export interface RigRequest {
  /** As given with --kernel. */
  readonly kernel: string;
  /** How a `src:` kernel is configured, and the series on top of any kernel's sources. */
  readonly build?: BuildRequest;
  /** Whether the rebuilt control is built where its placement is not asked for (default: yes). */
  readonly control?: boolean;
  /** Whose guest it is: a kernel that it cannot run on is refused. */
  readonly scenario: Scenario;
  readonly placements: readonly Placement[];
  /** Whether `as-compiled` is wanted as well, should the subject's booted method jump. */
  readonly attribution?: boolean;
  readonly accel: Accel | 'auto';
  /** Processors of the guests; the recipe's where nothing is said. */
  readonly cpus?: number;
  /** Same seed, same bits: TCG with instruction counting. */
  readonly deterministic: boolean;
}

/** Path of each placement's initramfs. */
type Initramfs = Readonly<Partial<Record<Placement, string>>>;

/** What a rig is made of, once it is known: before guests are saved. */
export interface RigParts {
  readonly kernel: PreparedKernel;
  /** See {@link qemuVersion}. */
  readonly qemu: string;
  readonly accel: Accel;
  /** Name of each placement's initramfs in the cache: the same name is the same content. */
  readonly guests: Readonly<Partial<Record<Placement, string>>>;
}

/**
 * Makes everything that trials on one kernel need, stage by stage: the kernel with its control and
 * helper, the guest of each placement, the accelerator, the saved guests.
 * @param check a stage of the caller's own, before guests are saved
 * @throws DmraceError as the parts do; AbortError after an interrupt
 */
export async function prepareRig(
  work: Work,
  request: RigRequest,
  stages: Stages,
  check?: RigCheck,
): Promise<ReadyRig> {
  const tell = (line: string): Promise<void> =>
    stages.stage({ title: 'Cache: damaged entries are made again', name: 'mend' }, async (say) =>
      say(line),
    );
  return mending(work, tell, () => prepareOnce(work, request, stages, check));
}

/** A stage of the caller's own. */
interface RigCheck {
  readonly title: string;
  readonly of: (parts: RigParts) => void;
}

async function prepareOnce(
  work: Work,
  request: RigRequest,
  stages: Stages,
  check?: RigCheck,
): Promise<ReadyRig> {
  const [kernel, guest] = await stages.stage(
    { title: `Kernel ${request.kernel}: image, modules, control, helper`, name: 'kernel' },
    (say) => kernelAndGuest(telling(work, say), request),
  );
  work.signal.throwIfAborted();
  const initramfs = await stages.stage(
    { title: 'Guest: initramfs of each placement', name: 'initramfs' },
    (say) => initramfsOf(telling(work, say), request, kernel, guest),
  );
  work.signal.throwIfAborted();
  const { accel, qemu } = await stages.stage({ title: 'Accelerator', name: 'accel' }, (say) =>
    accelOf(telling(work, say), request, kernel, initramfs),
  );
  work.signal.throwIfAborted();
  const guests = Object.fromEntries(
    Object.entries(initramfs).map(([placement, file]) => [placement, nameOf(file)]),
  );
  const parts: RigParts = { kernel, qemu, accel, guests };
  if (check) {
    await stages.stage({ title: check.title, name: 'check' }, async () => check.of(parts));
  }
  const boots = (placement: Placement): MachineSpec =>
    bootingMachine(request, kernel, accel, initramfs[placement] ?? '');
  const states = await stages.stage(
    { title: 'Ready state: each placement booted once and saved', name: 'ready' },
    (say) => statesOf(telling(work, say), request, kernel, boots, say),
  );
  work.signal.throwIfAborted();
  if (!request.attribution || states.codes[SUBJECT]?.tailCall !== true) {
    return new ReadyRig(work, request, parts, boots, states);
  }
  return stages.stage(
    { title: 'As compiled: the subject’s method jumps', name: 'asCompiled' },
    async (say) => {
      const more: RigRequest = { ...request, placements: ['as-compiled'] };
      const images = await initramfsOf(telling(work, say), more, kernel, guest);
      const image = images['as-compiled'] ?? '';
      const all = (placement: Placement): MachineSpec =>
        placement === 'as-compiled' ? bootingMachine(more, kernel, accel, image) : boots(placement);
      const both = await states.also(more.placements, all, say);
      const placements = orderedPlacements([...request.placements, ...more.placements]);
      const made = { ...parts, guests: { ...guests, 'as-compiled': nameOf(image) } };
      return new ReadyRig(work, { ...request, placements }, made, all, both);
    },
  );
}

/** An initramfs's name in the cache. */
const nameOf = (file: string): string => path.basename(path.dirname(file));

async function kernelOf(work: Work, request: RigRequest): Promise<PreparedKernel> {
  const { kernel, build, control, scenario, placements } = request;
  const prepared = await prepareKernel(work, kernel, {
    suspect: scenario.suspect.build,
    planted: placements.some((placement) => staged(scenario, placement) !== scenario),
    ...(build === undefined ? {} : { build }),
    ...(control === undefined ? {} : { control }),
  });
  requireForScenario(scenario, prepared);
  requireCpus(cpusOf(request), prepared);
  work.say(`${prepared.identity.release}, ${prepared.identity.preempt}`);
  return prepared;
}

/** What guests have in common needs no kernel: it is fetched and built meanwhile. */
const kernelAndGuest = (
  work: Work,
  request: RigRequest,
): Promise<readonly [PreparedKernel, GuestParts]> =>
  together(work, [(own) => kernelOf(own, request), guestParts]);

async function initramfsOf(
  work: Work,
  { placements, scenario }: RigRequest,
  kernel: PreparedKernel,
  guest: GuestParts,
): Promise<Initramfs> {
  const files: Partial<Record<Placement, string>> = {};
  for (const placement of placements) {
    const own = staged(scenario, placement);
    const { name, build } = own.suspect;
    files[placement] = await buildInitramfs(work, {
      guest,
      kernel,
      placement,
      setUp: guestSetUp(own),
      suspect: { name, object: build.object },
    });
  }
  return files;
}

async function accelOf(
  work: Work,
  request: RigRequest,
  kernel: PreparedKernel,
  initramfs: Initramfs,
): Promise<{ accel: Accel; qemu: string }> {
  const { accel, placements, deterministic } = request;
  const qemu = await qemuVersion(work.arch);
  if (deterministic && accel !== 'kvm') {
    work.say('tcg: only it counts instructions, which --deterministic needs');
    return { accel: 'tcg', qemu };
  }
  if (accel === 'tcg') {
    work.say(accel);
    return { accel, qemu };
  }
  const [first] = placements;
  const image = first === undefined ? '' : (initramfs[first] ?? '');
  const spec = bootingMachine(request, kernel, 'tcg', image);
  const choose = accel === 'kvm' ? tryKvm : chooseAccel;
  const chosen = await choose(work, qemuMachines, spec);
  work.say(chosen.why === '' ? chosen.accel : `${chosen.accel}: ${chosen.why}`);
  return { accel: chosen.accel, qemu };
}

async function statesOf(
  work: Work,
  { scenario, placements, deterministic }: RigRequest,
  kernel: PreparedKernel,
  machineOf: (placement: Placement) => MachineSpec,
  say: Say,
): Promise<ReadyStates> {
  const states = new ReadyStates(work, { kernel, scenario, machineOf });
  await states.prepare(placements, say);
  const without = placements.filter((placement) => !states.get(placement));
  if (!deterministic || without.length === 0) return states;
  throw new DmraceError('environment', {
    observed: `no saved ready state of ${without.join(' and ')}, from which deterministic trials start: a booting guest would get its command at any moment`,
    action: 'see the line above for why it could not be saved, or run without --deterministic',
  });
}

/** Processors of a request's guests. */
export const cpusOf = ({ cpus, scenario }: Pick<RigRequest, 'cpus' | 'scenario'>): number =>
  cpus ?? RECIPES[scenario.recipe].cpus;

const bootingMachine = (
  request: RigRequest,
  kernel: PreparedKernel,
  accel: Accel,
  initramfs: string,
): MachineSpec => ({
  arch: kernel.arch,
  accel,
  image: kernel.image,
  initramfs,
  parameters: [kernel.preemptParameter, ...patienceParameters()].filter(Boolean),
  memoryMiB: GUEST_MEMORY_MIB,
  restoreFrom: null,
  deterministic: request.deterministic,
  cpus: cpusOf(request),
});

/**
 * A machine that is ready to run trials on one kernel. Immutable, but for saved guests that QEMU
 * refuses and that are made again. It owns files in the cache only: there is nothing to dispose.
 */
export class ReadyRig implements RigParts {
  readonly kernel: PreparedKernel;
  readonly qemu: string;
  readonly accel: Accel;
  readonly guests: RigParts['guests'];
  readonly #boots: (placement: Placement) => MachineSpec;
  readonly #states: ReadyStates;
  #mended: Promise<boolean> | null = null;

  constructor(
    readonly work: Work,
    readonly request: RigRequest,
    { kernel, qemu, accel, guests }: RigParts,
    boots: (placement: Placement) => MachineSpec,
    states: ReadyStates,
  ) {
    this.kernel = kernel;
    this.qemu = qemu;
    this.accel = accel;
    this.guests = guests;
    this.#boots = boots;
    this.#states = states;
  }

  /**
   * What was read of the booted release methods: of saved guests when they were saved, of booting
   * ones in their first trial.
   */
  get codes(): Readonly<Codes> {
    return this.#states.codes;
  }

  /** The machine on which trials of a placement start. */
  machine(placement: Placement): MachineSpec {
    return {
      ...this.#boots(placement),
      restoreFrom: this.#states.get(placement)?.folder ?? null,
    };
  }

  /** Where trials of a placement run. */
  host(placement: Placement, signal: AbortSignal = this.work.signal): TrialHost {
    return { machines: qemuMachines, spec: this.machine(placement), signal };
  }

  /** The saved guest of a placement; null where saving did not work and trials boot. */
  ready(placement: Placement): ReadyState | null {
    return this.#states.get(placement) ?? null;
  }

  /**
   * How a trial's machine comes to be ready.
   * @param attach called before a restored guest begins its trial
   */
  start(
    plan: Pick<TrialPlan, 'placement' | 'index'>,
    attach?: (machine: Machine) => Promise<void>,
  ): StartOptions {
    const { placement, index } = plan;
    const state = this.#states.get(placement);
    if (state) {
      const paused = pausesItself(this.machine(placement));
      // A guest that does not pause waits for its command, which comes after `whenReady`.
      return {
        restored: restored(state, paused, attach),
        ...(attach && !paused ? { whenReady: attach } : {}),
      };
    }
    if (index !== 0) return {};
    const { suspect } = staged(this.request.scenario, placement);
    return { whenReady: readCode(placement, this.kernel, suspect, this.#states.codes) };
  }

  /** Makes a saved guest again that QEMU has refused; see {@link ReadyStates.remake}. */
  remake(placement: Placement, refused: StateRefused, say: Say): Promise<boolean> {
    return this.#states.remake(placement, refused, say);
  }

  /** Saved guests that were refused and made again, and why. */
  get refusals(): Readonly<Partial<Record<Placement, string>>> {
    return this.#states.refusals;
  }

  /**
   * To be called before a trial's end is taken for the kernel's doing: entries of the cache that are
   * part of the guests are read in full, and damaged ones are made again, once for all trials.
   * @returns whether something was damaged: a trial that ran before counts for nothing
   */
  mend(say: Say): Promise<boolean> {
    this.#mended ??= this.#mend(say);
    return this.#mended;
  }

  async #mend(say: Say): Promise<boolean> {
    const removed = await this.work.cache.mendUsed(BOOTED);
    if (removed.length === 0) return false;
    say(`damaged entries of the cache are made again: ${removed.join('; ')}`);
    const work = telling(this.work, say);
    // What they are made from may be in doubt as well, and is then made again, too.
    await mending(work, say, async () => {
      const [kernel, guest] = await kernelAndGuest(work, this.request);
      await initramfsOf(work, this.request, kernel, guest);
      await this.#states.prepare(this.request.placements, say);
    });
    return true;
  }

  /** How the saved guest of a placement had booted: the files to keep; empty without one. */
  async bootOf(placement: Placement): Promise<ReadonlyMap<string, Uint8Array>> {
    const state = this.#states.get(placement);
    return state ? bootOf(state) : new Map();
  }
}
