// SPDX-License-Identifier: GPL-2.0-only
import type { Cause } from './finding.js';
import type { Placement } from './placement.js';
import type { Party, StepNumber } from './steps.js';

/** One step of a scenario: who does what, and what in the trace proves that it happened. */
export interface ScenarioStep {
  readonly step: StepNumber;
  readonly party: Party;
  readonly does: string;
  readonly proof: string;
}

/** Who does what, and which crash the question is about. */
export type Scenario = WindowScenario;

/** A scenario that opens the window of the race on purpose and proves by its steps that it did. */
export interface WindowScenario {
  readonly kind: 'window';
  readonly name: string;
  readonly title: string;
  readonly targetCause: Cause;
  /** Placements that a run takes when none is asked for. */
  readonly placements: readonly Placement[];
  /** The placement that has to crash before silence of the subject means anything. */
  readonly control: Placement | null;
  /** Whether the disk's kobject is held, which keeps the second bug out. */
  readonly pinsDisk: boolean;
  readonly steps: readonly ScenarioStep[];
}
