// SPDX-License-Identifier: MIT
import type { Control } from './control.js';
import type { Cause } from './finding.js';
import type { Placement } from './placement.js';
import type { Telling } from './proof.js';
import type { RecipeName } from './recipe.js';
import type { StopWord } from './stop-rule.js';
import type { Suspect } from './suspect.js';

/** A kernel option that must be set, or must not be, for a scenario to have any sense. */
export type ConfigNeed =
  | {
      /** Name without CONFIG_. */
      readonly option: string;
      /** Whether it must be `y`, or anything else. */
      readonly set: true;
      /** What the scenario does with it. */
      readonly why: string;
      /** The fragment of kernel-config/ that sets it. */
      readonly profile: string;
    }
  | {
      readonly option: string;
      readonly set: false;
      /** What it does to the scenario. */
      readonly why: string;
      /** The scenario that suits a kernel with it. */
      readonly instead: string;
    };

/** What the user names: one suspect, one recipe, one control, and the steps that prove the race. */
export interface Scenario {
  readonly name: string;
  /**
   * What plans and run.json call it. A sweep is noted as the scenario whose window it goes through;
   * its plans tell it by their `yieldAfter`, its run.json by `sweep`.
   */
  readonly notedAs: string;
  readonly title: string;
  /** The command that runs it: only those of `run` are choices of --scenario. */
  readonly command: 'run' | 'sweep' | 'doctor';
  readonly suspect: Suspect;
  readonly recipe: RecipeName;
  readonly control: Control;
  readonly telling: Telling;
  /** The crash that the question is about. */
  readonly targetCause: Cause;
  /** Placements that a run takes when none is asked for. */
  readonly placements: readonly Placement[];
  /** Whether the parent of the suspect's object is held for the life of the VM. */
  readonly pinsParent: boolean;
  /** What its kernel must have besides what the suspect always needs. */
  readonly config: readonly ConfigNeed[];
  /**
   * VMs that a run may take for each trial that has to reach the window: 1 where the scenario
   * opens it on purpose, more where chance does.
   */
  readonly attempts: number;
  /** Trials of each placement when none are asked for. */
  readonly trials: number;
  /** What ends a campaign early when the user names nothing; empty: all trials are run. */
  readonly stopOn: readonly StopWord[];
}
