// SPDX-License-Identifier: MIT
import { readBootRecords } from '../evidence/boot.js';
import { archOfMachine } from '../model/arch/index.js';
import { firstRecord } from '../model/record.js';
import type { TrialTie } from '../model/tie.js';
import { type TrialFiles, type TrialPlan, trialName } from '../model/trial.js';
import { planToJson, seededNonce } from './plan-json.js';
import type { RunNote } from './run-note.js';

/** A fact of a trial beside the same one of its run. */
interface Fact {
  readonly what: string;
  readonly trial: string | undefined;
  readonly run: string | undefined;
}

/** What differs. What one of the two does not record is no difference. */
const differences = (facts: readonly Fact[]): string[] =>
  facts
    .filter(({ trial, run }) => trial !== undefined && run !== undefined && trial !== run)
    .map(({ what, trial, run }) => `its ${what} is ${trial}, the run's is ${run}`);

/** Whether a plan is one that this run can have made; one line for each thing that it cannot. */
export function planProblems(note: RunNote, plan: TrialPlan): string[] {
  const replay = note.replayOf !== undefined;
  const offset = plan.recipe === 'sweep' ? 0 : plan.index;
  const seed = replay || note.seed === undefined ? undefined : String(note.seed + offset);
  const { durationMs } = planToJson(plan);
  return [
    ...differences([
      { what: 'scenario', trial: plan.scenario, run: note.scenario },
      {
        what: 'recipe',
        trial: plan.recipe === 'sweep' ? 'sweep' : 'race',
        run: note.sweep ? 'sweep' : 'race',
      },
      { what: 'seed', trial: String(plan.seed), run: seed },
      { what: 'method’s home', trial: plan.methodHome, run: note.kernel.methodHome },
      {
        what: 'duration',
        trial: durationMs === undefined ? undefined : `${durationMs} ms`,
        run: note.durationMs === undefined ? undefined : `${note.durationMs} ms`,
      },
      {
        what: 'nonce',
        trial: plan.nonce,
        run: note.deterministic ? seededNonce(plan) : undefined,
      },
    ]),
    ...(note.placements.includes(plan.placement)
      ? []
      : [`its placement is ${plan.placement}, the run has ${note.placements.join(' and ')}`]),
  ];
}

/** What ties the trials of a placement to a run; null where the run recorded too little. */
export function tieOf(note: RunNote, placement: TrialPlan['placement']): TrialTie | null {
  const { id, qemu, kernel, guests } = note;
  const guest = guests?.[placement];
  if (id === undefined || qemu === undefined || guest === undefined) return null;
  const { release, version, imageSha256 } = kernel;
  if (imageSha256 === undefined) return null;
  return { run: id, release, version, imageSha256, qemu, guest };
}

const NAMES: Readonly<Record<keyof TrialTie, string>> = {
  run: 'run',
  release: 'kernel release',
  version: 'kernel version',
  imageSha256: 'kernel image',
  qemu: 'QEMU',
  guest: 'guest',
};

/**
 * Whether a trial is of this run: its plan, what the host noted that it booted, and what the guest
 * said that it is.
 * @returns one line for each thing that says otherwise; what was not recorded says nothing
 */
export function tieProblems(note: RunNote, files: TrialFiles): string[] {
  const { plan, tie } = files.note;
  const boot = firstRecord(readBootRecords(files.readyRecords).records, 'boot');
  const own = tieOf(note, plan.placement);
  // A merged run has the trials of its parts.
  const part = tie !== null && note.parts?.includes(tie.run) === true;
  const wanted = own && part ? { ...own, run: tie.run } : own;
  return [
    ...planProblems(note, plan),
    ...differences([
      { what: 'guest’s kernel', trial: boot?.release, run: note.kernel.release },
      {
        what: 'guest’s architecture',
        trial: boot && archOfMachine(boot.machine),
        run: note.kernel.arch,
      },
      ...Object.entries(NAMES).map(([field, what]) => ({
        what,
        trial: tie?.[field as keyof TrialTie],
        run: wanted?.[field as keyof TrialTie],
      })),
    ]),
    // A run of schema 2 ties every trial of its own.
    ...(note.schema === 2 && tie === null ? ['it is tied to no run'] : []),
  ];
}

/** Trials that share a nonce: one of them is a copy of the other. */
export function sharedNonces(plans: readonly TrialPlan[]): string[] {
  const first = new Map<string, string>();
  return plans.flatMap((plan) => {
    const name = trialName(plan);
    const before = first.get(plan.nonce);
    if (before === undefined) first.set(plan.nonce, name);
    return before === undefined || before === name ? [] : [`${before} and ${name} have one nonce`];
  });
}
