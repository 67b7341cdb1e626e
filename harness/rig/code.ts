// SPDX-License-Identifier: MIT
import { layoutOf } from '../evidence/layout.js';
import type { PlacementCode } from '../judge/object.js';
import { homeOf, type Placement } from '../model/placement.js';
import type { Suspect } from '../model/suspect.js';
import { modulesOf, type PreparedKernel } from '../ports.js';
import { disassembleBooted, objectSymbol } from '../qemu/code.js';
import type { WhenReady } from '../trial/trial.js';

/** What was read of each placement's booted release method. */
export type Codes = Partial<Record<Placement, PlacementCode>>;

/** Reads the booted release method of a placement, once, into `codes`. */
export function readCode(
  placement: Placement,
  kernel: PreparedKernel,
  suspect: Suspect,
  codes: Codes,
): WhenReady {
  const { method } = suspect.build;
  return async (machine, session) => {
    const layout = layoutOf(session.records, suspect.name);
    const address =
      homeOf(placement, kernel.identity.methodHome) === 'vmlinux'
        ? layout.vmlinux.get(method)
        : [...layout.symbols, ...layout.others].find(({ name }) => name === method)?.address;
    if (address === undefined) return;
    const targets = new Map([...layout.vmlinux].map(([name, at]) => [at, name]));
    const read = { address, targets, callee: suspect.methodCalls };
    codes[placement] = {
      ...(await disassembleBooted(machine, kernel.arch, read)),
      objectSymbol: await objectSymbol(modulesOf(kernel, placement)[0], method, kernel.arch),
    };
  };
}
