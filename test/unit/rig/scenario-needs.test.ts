// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { parseKernelConfig } from '../../../harness/model/kernel.js';
import type { PreparedKernel } from '../../../harness/ports.js';
import { requireForScenario, unfitFor } from '../../../harness/rig/scenario-needs.js';
import { SCENARIOS, scenarioNamed } from '../../../harness/scenarios/index.js';

const DELAYS = 'CONFIG_DEBUG_KOBJECT_RELEASE=y\n';
const PLAIN = '# CONFIG_DEBUG_KOBJECT_RELEASE is not set\n';
const kernel = (config: string, spec = 'debian'): PreparedKernel =>
  ({
    config: parseKernelConfig(config),
    identity: { spec, release: '6.12.117' },
  }) as PreparedKernel;

describe('the configuration that a scenario asks for', () => {
  it.each([
    ['release', PLAIN, ''],
    ['release', '', ''],
    ['release', DELAYS, 'CONFIG_DEBUG_KOBJECT_RELEASE is y, and a kernel worker would call'],
    ['disk-release', DELAYS, ''],
    ['delayed-release', DELAYS, ''],
    ['delayed-release', PLAIN, 'CONFIG_DEBUG_KOBJECT_RELEASE is not set, and the kernel itself'],
    ['churn', DELAYS, ''],
  ])('of %s on %j', (name, config, wanted) => {
    const told = unfitFor(scenarioNamed(name), parseKernelConfig(config));
    expect(told).toHaveLength(wanted === '' ? 0 : 1);
    expect(told.join()).toMatch(new RegExp(`^${wanted}`));
  });

  it.each(SCENARIOS)('$name runs on a kernel with or without the delays', (scenario) => {
    const either = [PLAIN, DELAYS].map((config) => unfitFor(scenario, parseKernelConfig(config)));
    expect(either.some((unfit) => unfit.length === 0)).toBe(true);
  });

  it('is refused with what to do: another kernel, or another scenario', () => {
    const refusal = (name: string, given: PreparedKernel): (() => void) => {
      return () => requireForScenario(scenarioNamed(name), given);
    };
    expect(refusal('delayed-release', kernel(DELAYS))).not.toThrow();
    expect(refusal('delayed-release', kernel(PLAIN))).toThrow(
      expect.objectContaining({
        code: 'inconclusive',
        facts: expect.objectContaining({
          action: expect.stringMatching(
            /--scenario delayed-release --kernel src:PATH_TO_A_KERNEL_TREE --profile base,debug-kobject-release$/,
          ),
        }),
      }),
    );
    expect(refusal('delayed-release', kernel(PLAIN, 'src:linux'))).toThrow(/--kernel src:linux /);
    expect(refusal('release', kernel(DELAYS))).toThrow(
      /cannot run release: .* is y, .*\n.*dmrace run --scenario delayed-release/s,
    );
  });
});
