// SPDX-License-Identifier: GPL-2.0-only
import { DmraceError } from '../model/errors.js';
import type { Scenario } from '../model/scenario.js';
import { churn } from './churn.js';
import { delayedRelease } from './delayed-release.js';
import { diskRelease } from './disk-release.js';
import { release } from './release.js';

/** All scenarios, the default first. */
export const SCENARIOS: readonly Scenario[] = [release, diskRelease, delayedRelease, churn];

/** The scenario of a name; null for names that are none, such as the self-test's. */
export function findScenario(name: string): Scenario | null {
  return SCENARIOS.find((candidate) => candidate.name === name) ?? null;
}

/** @throws DmraceError (usage) when there is none of that name. */
export function scenarioNamed(name: string): Scenario {
  const scenario = findScenario(name);
  if (scenario) return scenario;
  throw new DmraceError('usage', {
    observed: `--scenario ${name}: there is no such scenario`,
    action: `use one of ${SCENARIOS.map((known) => known.name).join(', ')}`,
  });
}
