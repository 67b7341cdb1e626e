// SPDX-License-Identifier: GPL-2.0-only
import { DmraceError } from '../model/errors.js';
import type { Scenario } from '../model/scenario.js';
import { diskRelease } from './disk-release.js';
import { release } from './release.js';

/** All scenarios, the default first. */
export const SCENARIOS: readonly Scenario[] = [release, diskRelease];

/** @throws DmraceError (usage) when there is none of that name. */
export function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario) return scenario;
  throw new DmraceError('usage', {
    observed: `--scenario ${name}: there is no such scenario`,
    action: `use one of ${SCENARIOS.map((known) => known.name).join(', ')}`,
  });
}
