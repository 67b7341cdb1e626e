// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { DmraceError } from '../../../harness/model/errors.js';
import { PROFILES } from '../../../harness/model/kernel-profile.js';
import { STEP_NUMBERS, STEPS } from '../../../harness/model/steps.js';
import { SCENARIOS, scenarioNamed } from '../../../harness/scenarios/index.js';

describe.each(SCENARIOS)('the scenario $name', (scenario) => {
  it('tells its steps in the order of the comment in dm-builtin.c, all ten when it races', () => {
    const told = scenario.steps.map((step) => step.step);
    expect(told).toEqual(STEP_NUMBERS.filter((step) => told.includes(step)));
    if (scenario.kind !== 'window') return;
    expect(told).toEqual(STEP_NUMBERS);
    for (const step of scenario.steps) expect(step.party).toBe(STEPS[step.step].party);
  });
  it('names the profile of each option it needs, and the scenario for each that it cannot have', () => {
    for (const need of scenario.config) {
      if (need.set) expect(PROFILES).toContain(need.profile);
      else expect(scenarioNamed(need.instead)).not.toBe(scenario);
    }
  });
  it('says for each step what is done and what proves it', () => {
    for (const step of scenario.steps) {
      expect(step.does).not.toBe('');
      expect(step.proof).not.toBe('');
    }
  });
  it('tries the subject, and its control when it has one', () => {
    expect(scenario.placements).toContain('builtin');
    expect(scenario.control).not.toBe('builtin');
    if (scenario.control) expect(scenario.placements).toContain(scenario.control);
  });
  it('is found by its name', () => {
    expect(scenarioNamed(scenario.name)).toBe(scenario);
  });
});

describe('the scenarios', () => {
  it('have names of their own; release is the default', () => {
    const names = SCENARIOS.map((scenario) => scenario.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('release');
  });

  it('isolate the first bug from the second by the pin of the disk', () => {
    for (const scenario of SCENARIOS.filter((s) => s.kind === 'window')) {
      expect(scenario.pinsDisk).toBe(scenario.targetCause === 'release-in-unloaded-text');
    }
  });

  it.each(['', 'Release', 'nonsense', 'toString'])('do not include "%s"', (name) => {
    const wanted = (): unknown => scenarioNamed(name);
    expect(wanted).toThrow(DmraceError);
    expect(wanted).toThrow(/use one of release, disk-release/);
    expect(wanted).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
