// SPDX-License-Identifier: GPL-2.0-only
import { layoutOf } from '../evidence/layout.js';
import type { PlacementCode } from '../evidence/tail-call.js';
import { homeOf, type Placement } from '../model/placement.js';
import type { PreparedKernel } from '../ports.js';
import { disassembleBooted, objectSymbol } from '../qemu/code.js';
import type { WhenReady } from '../trial/trial.js';

/** What was read of each placement's booted release method. */
export type Codes = Partial<Record<Placement, PlacementCode>>;

/** Reads the booted release method of a placement, once. */
export function readCode(placement: Placement, kernel: PreparedKernel, codes: Codes): WhenReady {
  return async (machine, session) => {
    const layout = layoutOf(session.records);
    const address =
      homeOf(placement, kernel.identity.methodHome) === 'dm_mod'
        ? layout.symbols.find((symbol) => symbol.name === 'dm_kobject_release')?.address
        : layout.vmlinux.get('dm_kobject_release');
    if (address === undefined) return;
    const names = new Map([...layout.vmlinux].map(([name, at]) => [at, name]));
    codes[placement] = {
      ...(await disassembleBooted(machine, kernel.arch, address, names)),
      objectSymbol: await objectSymbol(kernel.dmMod[placement], kernel.arch),
    };
  };
}
