// SPDX-License-Identifier: MIT
import { layoutOf } from '../evidence/layout.js';
import { readRecords } from '../evidence/records.js';
import { forDebugger } from '../kernel/kbuild.js';
import { CRASH_COMMANDS, DRGN_SCRIPT, DumpBudget } from '../model/dump.js';
import type { Placement } from '../model/placement.js';
import { type TrialFiles, type TrialPlan, type TrialResult, trialName } from '../model/trial.js';
import { modulesOf } from '../ports.js';
import type { ReadyRig } from '../rig/rig.js';
import type { RunDirectory } from '../runs/run-directory.js';
import { scenarioOf } from '../scenarios/index.js';
import { crashCommands, drgnScript } from '../symbols/dump-scripts.js';
import { TrialDump } from '../trial/dump.js';
import type { StartOptions } from '../trial/trial.js';
import type { Say } from '../util/work.js';
import { kernelSymbols } from './replay/kernel-symbols.js';

/** The dumps of a run's trials. */
export class Dumps {
  readonly #budget = new DumpBudget();
  readonly #deaths = new Map<Placement, bigint>();
  readonly #current = new Map<string, TrialDump>();

  private constructor(
    readonly rig: ReadyRig,
    readonly directory: RunDirectory,
  ) {}

  /**
   * Finds out where crashed tasks are taken apart, from a guest of each placement.
   * @param before trials of the same run that were run already: their dumps count
   */
  static async open(
    rig: ReadyRig,
    directory: RunDirectory,
    before: readonly TrialResult[],
    say: Say,
  ): Promise<Dumps> {
    await directory.removeDumps();
    const dumps = new Dumps(rig, directory);
    for (const { placement, dump, findings } of before) {
      if (!dump?.kept) continue;
      dumps.#budget.claim(
        [placement, ...findings.map(({ title }) => title)].join('\n'),
        dump.bytes,
      );
    }
    // A guest whose instructions are counted has its clock go on while it stands (QEMU 7.2: its kernel
    // then reported a stall of RCU), and would no longer leave the same bits.
    const { deterministic, placements } = rig.request;
    const { deaths } = rig.kernel.arch.kernel;
    for (const placement of deterministic ? [] : placements) {
      const { symbols } = await kernelSymbols(rig, placement, rig.ready(placement));
      const names = deaths.flatMap(
        (death) => symbols.find(({ name, module }) => name === death && !module) ?? [],
      );
      const [death] = names;
      if (death) dumps.#deaths.set(placement, death.address);
    }
    const without = placements.filter((placement) => !dumps.#deaths.has(placement));
    if (without.length > 0) {
      say(`${without.join(' and ')}: dumps are taken at the end of a trial`);
    }
    return dumps;
  }

  /** How a trial's machine comes to be ready, with what dumps it. What it left before is removed. */
  options(plan: TrialPlan): StartOptions {
    const { rig, directory } = this;
    const name = trialName(plan);
    const before = this.#current.get(name);
    const spec = rig.machine(plan.placement);
    const dump = new TrialDump({
      arch: spec.arch,
      memoryMiB: spec.memoryMiB,
      kvm: spec.accel === 'kvm',
      death: this.#deaths.get(plan.placement) ?? null,
      file: directory.dumpPath(plan),
      placement: plan.placement,
      budget: this.#budget,
      signal: rig.work.signal,
      before: before?.discard() ?? Promise.resolve(),
    });
    this.#current.set(name, dump);
    return { ...rig.start(plan, (machine) => dump.begin(machine)), dump };
  }

  /** To be called when a trial and its dump are in its folder: what debuggers are given beside it. */
  async kept({ note, readyRecords }: TrialFiles, result: TrialResult): Promise<void> {
    const { plan, dump } = note;
    this.#current.get(trialName(plan))?.close();
    if (!dump?.kept) return;
    const { suspect } = scenarioOf(plan);
    const object = await forDebugger(modulesOf(this.rig.kernel, plan.placement).at(-1) ?? '');
    const facts = {
      arch: this.rig.kernel.arch,
      dump,
      layout: layoutOf(readRecords(readyRecords).records, suspect.name),
      object,
      modules: [await forDebugger(this.rig.kernel.helper)],
      finding: result.findings[0] ?? null,
    };
    await this.directory.writeBeside(plan, CRASH_COMMANDS, crashCommands(facts));
    await this.directory.writeBeside(plan, DRGN_SCRIPT, drgnScript(facts));
  }

  /** To be called after the last trial. */
  async close(): Promise<void> {
    for (const dump of this.#current.values()) dump.close();
    await this.directory.removeDumps();
  }
}
