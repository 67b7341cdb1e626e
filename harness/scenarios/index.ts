// SPDX-License-Identifier: MIT
import { tracingOf } from '../evidence/sources.js';
import { DmraceError } from '../model/errors.js';
import type { GuestSetUp } from '../model/guest-set-up.js';
import type { Placement } from '../model/placement.js';
import type { RecipeName } from '../model/recipe.js';
import type { Scenario } from '../model/scenario.js';
import { RECIPES } from '../recipes/index.js';
import { churn } from './churn.js';
import { delayedRelease } from './delayed-release.js';
import { diskRelease } from './disk-release.js';
import { release } from './release.js';
import { selfTest } from './self-test.js';
import { sweep } from './sweep.js';

/** All scenarios: a suspect, a recipe and a control each. */
const ALL: readonly Scenario[] = [release, diskRelease, delayedRelease, churn, sweep, selfTest];

/** The scenarios of `--scenario`, the default first. */
export const SCENARIOS: readonly Scenario[] = ALL.filter(({ command }) => command === 'run');

/** The scenario that a plan, a result or a question is of: as it is noted, with its recipe. */
export function findScenario(noted: string, recipe: RecipeName): Scenario | null {
  return ALL.find((one) => one.notedAs === noted && one.recipe === recipe) ?? null;
}

/**
 * A scenario as the trials of a placement know it: those of a planted control and of its twin are
 * about the planted module, by the same recipe.
 */
export function staged(scenario: Scenario, placement: Placement): Scenario {
  const { control } = scenario;
  if (control.kind !== 'planted') return scenario;
  if (placement !== control.placement && placement !== control.twin) return scenario;
  return {
    ...scenario,
    ...control.staged[placement],
    control: { kind: 'none' },
    targetCause: control.cause,
    pinsParent: false,
  };
}

/**
 * The same, of what was made with one: a plan, a result, or a question, which has no placement.
 * @throws Error for what no scenario of ours made.
 */
export function scenarioOf(of: {
  readonly scenario: string;
  readonly recipe: RecipeName;
  readonly placement?: Placement;
}): Scenario {
  const scenario = findScenario(of.scenario, of.recipe);
  if (scenario) return of.placement === undefined ? scenario : staged(scenario, of.placement);
  throw new Error(`no scenario is noted as ${of.scenario} with the recipe ${of.recipe}`);
}

/** All scenarios that are noted so; empty for a name that this version does not know. */
export const scenariosNoted = (noted: string): readonly Scenario[] =>
  ALL.filter((one) => one.notedAs === noted);

/** @throws DmraceError (usage) when `--scenario` has none of that name. */
export function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario) return scenario;
  throw new DmraceError('usage', {
    observed: `--scenario ${name}: there is no such scenario`,
    action: `use one of ${SCENARIOS.map((known) => known.name).join(', ')}`,
  });
}

/** What the guest of a scenario prepares: its probes and events are those of the steps. */
export function guestSetUp({ recipe, telling, suspect }: Scenario): GuestSetUp {
  const { guest } = RECIPES[recipe];
  const wake = guest.wake.map((instance) => ({
    ...instance,
    events: instance.events.map((event) => event.replace('{release}', suspect.releaseProbe)),
  }));
  return { ...guest, ...tracingOf(telling), wake, symbols: suspect.symbols };
}
