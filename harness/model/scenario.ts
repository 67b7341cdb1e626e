// SPDX-License-Identifier: GPL-2.0-only
import type { Cause } from './finding.js';
import type { Placement } from './placement.js';
import type { Party, StepNumber } from './steps.js';
import type { StopWord } from './stop-rule.js';

/** One step of a scenario: who does what, and what in the trace proves that it happened. */
export interface ScenarioStep {
  readonly step: StepNumber;
  readonly party: Party;
  readonly does: string;
  readonly proof: string;
}

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

/** What all scenarios say of themselves. */
interface ScenarioBase {
  readonly name: string;
  readonly title: string;
  readonly targetCause: Cause;
  /** Placements that a run takes when none is asked for. */
  readonly placements: readonly Placement[];
  /** The placement that has to crash before silence of the subject means anything. */
  readonly control: Placement | null;
  /** Whether the guest loads the helper module; it taints the kernel (TAINT_OOT_MODULE). */
  readonly helper: boolean;
  /** What its kernel must have besides what the harness always needs. */
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
  readonly steps: readonly ScenarioStep[];
}

/** A scenario that opens the window of the race on purpose and proves by its steps that it did. */
export interface WindowScenario extends ScenarioBase {
  readonly kind: 'window';
  /** Whether the disk's kobject is held, which keeps the second bug out. */
  readonly pinsDisk: boolean;
}

/**
 * A scenario without a holder: the kernel itself puts off the release of kobjects
 * (CONFIG_DEBUG_KOBJECT_RELEASE), by a random time that may end before or after the unload.
 */
export interface DelayedScenario extends ScenarioBase {
  readonly kind: 'delayed';
}

/**
 * A soak: device and module come and go for a while, with readers and load around them. It opens no
 * window on purpose, so silence proves nothing; its findings do.
 */
export interface ChurnScenario extends ScenarioBase {
  readonly kind: 'churn';
}

/** Who does what, and which crash the question is about. What differs by kind is switched on it. */
export type Scenario = WindowScenario | DelayedScenario | ChurnScenario;
