// SPDX-License-Identifier: GPL-2.0-only
import { DmraceError } from '../model/errors.js';
import type { KernelConfig } from '../model/kernel.js';
import type { Scenario } from '../model/scenario.js';
import type { PreparedKernel } from '../ports.js';

/** What a kernel lacks for a scenario, one line each; empty when it can run it. */
export function lackingFor(scenario: Scenario, config: KernelConfig): string[] {
  return scenario.config
    .filter((need) => config.get(need.option) !== 'y')
    .map(
      (need) => `CONFIG_${need.option} is ${config.get(need.option) ?? 'not set'}, and ${need.why}`,
    );
}

/** @throws DmraceError (inconclusive) that says how to get a kernel with what is lacking. */
export function requireForScenario(scenario: Scenario, kernel: PreparedKernel): void {
  const lacking = lackingFor(scenario, kernel.config);
  if (lacking.length === 0) return;
  const profiles = ['base', ...new Set(scenario.config.map((need) => need.profile))].join(',');
  const { spec, release } = kernel.identity;
  const tree = spec.startsWith('src:') ? spec : 'src:PATH_TO_A_KERNEL_TREE';
  throw new DmraceError('inconclusive', {
    observed: `${release} (${spec}) cannot run ${scenario.name}: ${lacking.join('; ')}`,
    action: `build one that has it: dmrace run --scenario ${scenario.name} --kernel ${tree} --profile ${profiles}`,
  });
}
