// SPDX-License-Identifier: MIT
import type { KernelConfig } from './kernel.js';

/** Processors that a guest may have at most. */
export const MOST_CPUS = 8;

/** How many processors a kernel was built for, and by what option. */
export function builtFor(config: KernelConfig): { readonly cpus: number; readonly says: string } {
  if (config.get('SMP') !== 'y') return { cpus: 1, says: 'CONFIG_SMP is not set' };
  const value = config.get('NR_CPUS');
  const cpus = Number(value);
  return Number.isInteger(cpus) && cpus > 0
    ? { cpus, says: `CONFIG_NR_CPUS is ${value}` }
    : { cpus: MOST_CPUS, says: 'CONFIG_NR_CPUS is not set' };
}
