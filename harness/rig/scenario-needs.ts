// SPDX-License-Identifier: MIT
import { builtFor } from '../model/cpus.js';
import { DmraceError } from '../model/errors.js';
import type { KernelConfig } from '../model/kernel.js';
import type { ConfigNeed, Scenario } from '../model/scenario.js';
import type { PreparedKernel } from '../ports.js';

/** What of a kernel's configuration does not suit a scenario, one line each; empty when all does. */
export function unfitFor(scenario: Scenario, config: KernelConfig): string[] {
  return unmet(scenario, config).map((need) => inWords(need, config));
}

/** @throws DmraceError (inconclusive) that says how to get a kernel, or a scenario, that suits. */
export function requireForScenario(scenario: Scenario, kernel: PreparedKernel): void {
  const needs = unmet(scenario, kernel.config);
  if (needs.length === 0) return;
  const unfit = needs.map((need) => inWords(need, kernel.config));
  const { spec, release } = kernel.identity;
  throw new DmraceError('inconclusive', {
    observed: `${release} (${spec}) cannot run ${scenario.name}: ${unfit.join('; ')}`,
    action: wayOut(needs, scenario, spec),
  });
}

/** @throws DmraceError (inconclusive) when a kernel was built for fewer processors. */
export function requireCpus(cpus: number, { config, identity }: PreparedKernel): void {
  const built = builtFor(config);
  if (cpus <= built.cpus) return;
  throw new DmraceError('inconclusive', {
    observed: `--cpus ${cpus}: ${identity.release} (${identity.spec}) runs on ${built.cpus === 1 ? 'one processor' : `${built.cpus} processors at most`}: ${built.says}`,
    limit: `${built.cpus}`,
    action: `ask for no more than it was built for, or build it for more`,
  });
}

const unmet = (scenario: Scenario, config: KernelConfig): ConfigNeed[] =>
  scenario.config.filter((need) => (config.get(need.option) === 'y') !== need.set);

const inWords = (need: ConfigNeed, config: KernelConfig): string =>
  `CONFIG_${need.option} is ${config.get(need.option) ?? 'not set'}, and ${need.why}`;

function wayOut(needs: readonly ConfigNeed[], scenario: Scenario, spec: string): string {
  const profiles: string[] = [];
  for (const need of needs) {
    if (!need.set) {
      return `take a kernel without CONFIG_${need.option}, or ask this one: dmrace run --scenario ${need.instead}`;
    }
    profiles.push(need.profile);
  }
  const tree = spec.startsWith('src:') ? spec : 'src:PATH_TO_A_KERNEL_TREE';
  const names = ['base', ...new Set(profiles)].join(',');
  return `build one that has it: dmrace run --scenario ${scenario.name} --kernel ${tree} --profile ${names}`;
}
