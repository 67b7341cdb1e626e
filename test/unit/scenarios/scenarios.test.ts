// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { tracingOf } from '../../../harness/evidence/sources.js';
import { controlPlacement } from '../../../harness/model/control.js';
import { DmraceError } from '../../../harness/model/errors.js';
import { PROFILES } from '../../../harness/model/kernel-profile.js';
import { PLACEMENTS } from '../../../harness/model/placement.js';
import { STEP_NUMBERS } from '../../../harness/model/proof.js';
import { RECIPE_NAMES } from '../../../harness/model/recipe.js';
import { SUSPECT_NAMES } from '../../../harness/model/suspect.js';
import { RECIPES } from '../../../harness/recipes/index.js';
import {
  findScenario,
  guestSetUp,
  SCENARIOS,
  scenarioNamed,
  scenarioOf,
  scenariosNoted,
  staged,
} from '../../../harness/scenarios/index.js';
import { selfTest } from '../../../harness/scenarios/self-test.js';
import { sweep } from '../../../harness/scenarios/sweep.js';
import { TEN_STEPS } from '../../../harness/suspects/dm_mod/steps.js';
import { SUSPECTS } from '../../../harness/suspects/index.js';

const ALL = [...SCENARIOS, sweep, selfTest];

describe.each(ALL)('the scenario $name, as all,', (scenario) => {
  it('is made of a recipe and a suspect that are known', () => {
    expect(RECIPES[scenario.recipe].name).toBe(scenario.recipe);
    expect(SUSPECTS[scenario.suspect.name]).toBe(scenario.suspect);
  });

  it('is found by what it is noted as and its recipe', () => {
    const { notedAs, recipe } = scenario;
    expect(findScenario(notedAs, recipe)).toBe(scenario);
    expect(scenarioOf({ scenario: notedAs, recipe })).toBe(scenario);
    expect(scenariosNoted(notedAs)).toContain(scenario);
  });

  it('has its guest prepare what its recipe says, and trace what its steps need', () => {
    const setUp = guestSetUp(scenario);
    const { prepare, helper, wake } = RECIPES[scenario.recipe].guest;
    expect(setUp).toMatchObject({ prepare, helper });
    expect(setUp.wake.map(({ name }) => name)).toEqual(wake.map(({ name }) => name));
    // What a recipe leaves to its suspect is filled in.
    expect(JSON.stringify(setUp.wake)).not.toMatch(/\{\w+\}/);
    expect(setUp.symbols).toEqual(scenario.suspect.symbols);
    const traced = new Set(setUp.events.map((event) => event.replace(/\/.*/, '')));
    for (const { see } of scenario.telling.proofs) {
      for (const { source } of see) {
        if ('probe' in source) expect(setUp.probes).toContain(source.probe);
        else expect(traced).toContain(source.event.replace(/\/.*/, ''));
      }
    }
  });
});

// A probe outlives the module it stands in, and then takes the breakpoints in freed text for its own.
describe('no probe', () => {
  const tellings = ALL.flatMap(({ telling, control }) => [
    telling,
    ...(control?.kind === 'planted' ? Object.values(control.staged) : []).map(
      (instance) => instance.telling,
    ),
  ]);

  it.each(tellings.flatMap((telling) => tracingOf(telling).probes))(
    'stands in a module: %s',
    (probe) => {
      const [, at = ''] = probe.split(' ');
      expect(at).toMatch(/^\w+$/);
    },
  );
});

describe.each(SCENARIOS)('the scenario $name', (scenario) => {
  it('tells its steps in the order of the comment in dm-builtin.c, all ten when it races', () => {
    const told = scenario.telling.proofs.map((step) => step.step);
    expect(told).toEqual(STEP_NUMBERS.filter((step) => told.includes(step)));
    if (scenario.recipe !== 'release-return') return;
    expect(told).toEqual(STEP_NUMBERS);
    expect(scenario.telling).toBe(TEN_STEPS);
    const parties = scenario.telling.proofs.map(({ party }) => party);
    expect(parties).toEqual([
      ...['holder', 'remover', 'remover', 'remover', 'holder'],
      ...['holder', 'holder', 'remover', 'remover', 'holder'],
    ]);
  });
  it('names the profile of each option it needs, and the scenario for each that it cannot have', () => {
    for (const need of scenario.config) {
      if (need.set) expect(PROFILES).toContain(need.profile);
      else expect(scenarioNamed(need.instead)).not.toBe(scenario);
    }
  });
  it('says for each step what is done and what proves it', () => {
    for (const step of scenario.telling.proofs) {
      expect(step.does).not.toBe('');
      expect(step.proof).not.toBe('');
    }
  });
  it('tries the subject, and its control when it has one', () => {
    expect(scenario.placements).toContain('builtin');
    const control = controlPlacement(scenario.control);
    expect(control).not.toBe('builtin');
    if (control) expect(scenario.placements).toContain(control);
  });
  it('is found by its name', () => {
    expect(scenarioNamed(scenario.name)).toBe(scenario);
  });
});

describe('the scenarios', () => {
  it('are those of --scenario, and two that other commands run', () => {
    expect(SCENARIOS.map(({ name }) => name)).toEqual([
      'release',
      'disk-release',
      'delayed-release',
      'churn',
    ]);
    expect([sweep.command, selfTest.command]).toEqual(['sweep', 'doctor']);
    expect(() => scenarioNamed('sweep')).toThrow(DmraceError);
  });

  it('make use of every recipe and every suspect', () => {
    expect(new Set(ALL.map(({ recipe }) => recipe))).toEqual(new Set(RECIPE_NAMES));
    const suspects = ALL.flatMap((one) => PLACEMENTS.map((p) => staged(one, p).suspect.name));
    expect(new Set(suspects)).toEqual(new Set(SUSPECT_NAMES));
    expect(Object.keys(RECIPES)).toEqual(RECIPE_NAMES);
    expect(Object.keys(SUSPECTS)).toEqual(SUSPECT_NAMES);
  });

  it('that no version of ours has are none', () => {
    expect(findScenario('release', 'soak')).toBeNull();
    expect(scenariosNoted('audit')).toEqual([]);
    expect(() => scenarioOf({ scenario: 'audit', recipe: 'sweep' })).toThrow(/noted as audit/);
  });

  it('have names of their own; release is the default', () => {
    const names = ALL.map((scenario) => scenario.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('release');
    const noted = ALL.map(({ notedAs, recipe }) => `${notedAs} ${recipe}`);
    expect(new Set(noted).size).toBe(noted.length);
  });

  it('isolate the first bug from the second by the pin of the disk', () => {
    for (const scenario of SCENARIOS.filter((s) => s.recipe === 'release-return')) {
      expect(scenario.pinsParent).toBe(scenario.targetCause === 'release-in-unloaded-text');
    }
  });

  it.each(['', 'Release', 'nonsense', 'toString'])('do not include "%s"', (name) => {
    const wanted = (): unknown => scenarioNamed(name);
    expect(wanted).toThrow(DmraceError);
    expect(wanted).toThrow(/use one of release, disk-release/);
    expect(wanted).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
