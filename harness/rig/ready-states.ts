// SPDX-License-Identifier: MIT
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { headlineOf, isOfKind } from '../model/errors.js';
import type { Placement } from '../model/placement.js';
import type { Scenario } from '../model/scenario.js';
import type { Machine, MachineSpec, PreparedKernel } from '../ports.js';
import { pasteable, qemuCommandLine, type Sockets } from '../qemu/command-line.js';
import { hostFacts } from '../qemu/host-cpu.js';
import { qemuMachines } from '../qemu/machine.js';
import { qemuVersionText } from '../qemu/version.js';
import { Code } from '../runs/run-note.js';
import { staged } from '../scenarios/index.js';
import type { Restored, TrialRun, WhenReady } from '../trial/trial.js';
import { BOOTED, contentKey, requireWhole } from '../util/cache.js';
import { type Say, telling, type Work } from '../util/work.js';
import { type Codes, readCode } from './code.js';
import {
  BOOT_ARGV,
  type ReadyState,
  readyStateIn,
  resume,
  StateRefused,
  saveReadyState,
} from './ready-state.js';
import { pruneReady, READY_LIMIT_BYTES, use } from './ready-use.js';

/** Stands for the sockets in a key: they are new for every machine. */
const NO_SOCKETS: Sockets = { console: '', records: '', commands: '', trace: '', qmp: '' };

/** How a trial goes on from a saved guest; `attach` as of {@link resume}. */
export const restored = (
  state: ReadyState,
  paused: boolean,
  attach?: (machine: Machine) => Promise<void>,
): Restored => ({
  readyRecords: state.readyRecords,
  ...(state.boot ? { boot: state.boot } : {}),
  resume: (machine, signal) =>
    resume(
      machine,
      state.folder,
      paused,
      signal,
      () => attach?.(machine) ?? Promise.resolve(),
    ).then(() => null),
  refused: (why: string, run: TrialRun) => new StateRefused(state.folder, why, run),
});

/** Kinds of entries that a guest boots from. */
const NOT_SAVED = new Set([...BOOTED].filter((kind) => kind !== 'ready'));

/** What the saved guests of a rig are made of. */
export interface ReadyParts {
  readonly kernel: PreparedKernel;
  readonly scenario: Scenario;
  /** The machine of a placement that boots. */
  readonly machineOf: (placement: Placement) => MachineSpec;
}

/** The saved guest of each placement, from the cache where it is there. */
export class ReadyStates {
  readonly #states = new Map<Placement, ReadyState>();
  readonly #remade = new Map<Placement, Promise<boolean>>();
  /** Why states were made again, for the run's note. */
  readonly refusals: Partial<Record<Placement, string>> = {};

  /** What was read of the booted release methods, by those who boot: here, or in a first trial. */
  readonly codes: Codes = {};

  constructor(
    readonly work: Work,
    readonly parts: ReadyParts,
  ) {}

  /** Undefined where saving does not work: trials of that placement boot. */
  get(placement: Placement): ReadyState | undefined {
    return this.#states.get(placement);
  }

  /** Gets or makes them all. Where that does not work, one line says so. */
  async prepare(placements: readonly Placement[], say: Say): Promise<void> {
    const prepared = await Promise.allSettled(
      placements.map((placement) =>
        this.#prepare(placement, say).catch(async (error: unknown) => {
          this.#states.delete(placement);
          if (this.work.signal.aborted || isOfKind(error, 'cache-mended')) throw error;
          await requireWhole(this.work.cache);
          say(
            `${placement}: trials boot their VMs, because the ready state cannot be used: ${headlineOf(error)}`,
          );
        }),
      ),
    );
    // Not before all have ended: each has a machine and a half-built folder to take away.
    const failed = prepared.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** These and the saved guests of more placements. */
  async also(
    placements: readonly Placement[],
    machineOf: ReadyParts['machineOf'],
    say: Say,
  ): Promise<ReadyStates> {
    const all = new ReadyStates(this.work, { ...this.parts, machineOf });
    for (const [placement, state] of this.#states) all.#states.set(placement, state);
    Object.assign(all.codes, this.codes);
    await all.prepare(placements, say);
    return all;
  }

  /**
   * Makes a state again that QEMU has refused, once for each placement; several trials may ask at
   * the same time. False when this was done before, and the new state was refused too.
   */
  remake(placement: Placement, refused: StateRefused, say: Say): Promise<boolean> {
    const current = this.#states.get(placement);
    const before = this.#remade.get(placement);
    if (before) return current?.folder === refused.folder ? before : Promise.resolve(true);
    this.refusals[placement] = refused.facts.observed;
    const work = (async () => {
      say(`${placement}: ${refused.headline}; booting and saving again`);
      await this.#discard(refused.folder);
      await this.#prepare(placement, say);
      return true;
    })();
    this.#remade.set(placement, work);
    void work.then(() => this.#remade.set(placement, Promise.resolve(false)));
    return work;
  }

  async #discard(folder: string): Promise<void> {
    await this.work.cache.discard('ready', path.basename(folder));
  }

  async #prepare(placement: Placement, say: Say): Promise<void> {
    const { cache, signal } = telling(this.work, say);
    const { kernel, scenario, machineOf } = this.parts;
    const { suspect } = staged(scenario, placement);
    const spec = machineOf(placement);
    const key = await keyOf(spec);
    const make = async (): Promise<string> => {
      let made = false;
      const entry = await cache.entry('ready', key, async (directory) => {
        made = true;
        const started = performance.now();
        // What is booted here is what all trials start from.
        await requireWhole(cache, NOT_SAVED, false);
        const read: Codes = {};
        const reads = readCode(placement, kernel, suspect, read);
        const whenReady: WhenReady = async (machine, session) => {
          say(`${placement}: booted, saving`);
          await reads(machine, session);
        };
        const host = { machines: qemuMachines, spec, signal };
        const argv = await saveReadyState(host, directory, whenReady);
        await writeFile(path.join(directory, BOOT_ARGV), pasteable(argv));
        await writeFile(path.join(directory, 'code.json'), JSON.stringify(read[placement] ?? null));
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        say(`${placement}: booted and saved in ${seconds} s`);
      });
      await cache.locked(`ready-${key}`, () => use(entry));
      if (made) await pruneReady(cache, READY_LIMIT_BYTES);
      return entry;
    };
    let entry = await make();
    let state = await readyStateIn(entry);
    if (!state) {
      say(`${placement}: the saved state in ${entry} is damaged; booting and saving again`);
      await this.#discard(entry);
      entry = await make();
      state = await readyStateIn(entry);
    }
    const code = Code.nullable().parse(
      JSON.parse(await readFile(path.join(entry, 'code.json'), 'utf8')),
    );
    if (code) this.codes[placement] = code;
    if (state) this.#states.set(placement, state);
  }
}

/** The key of a saved guest in the cache: everything that it depends on. */
export async function keyOf(spec: MachineSpec): Promise<string> {
  const qemu = await qemuVersionText(spec.arch);
  return contentKey([
    qemu,
    // An image of the user's own may be another one tomorrow, under the same name.
    await stat(spec.image).then(({ size, mtimeMs }) => `${size} ${mtimeMs}`),
    // The whole command line: machine, accelerator, image, initramfs (named by content).
    ...qemuCommandLine({ ...spec, memoryIn: '' }, NO_SOCKETS),
    // `-cpu host` is another processor on another host.
    ...(spec.accel === 'kvm' ? await hostFacts() : []),
  ]);
}
