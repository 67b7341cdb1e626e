// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type MapSymbol, parseSymbolMap } from '../../console/symbols.js';
import { readRecords } from '../../evidence/records.js';
import { DmraceError } from '../../model/errors.js';
import type { Placement } from '../../model/placement.js';
import { firstRecord } from '../../model/record.js';
import type { ReadyState } from '../../rig/ready-state.js';
import type { ReadyRig } from '../../rig/rig.js';
import { staged } from '../../scenarios/index.js';
import { symbolElf } from '../../symbols/elf.js';
import { runInGuest } from '../../trial/trial.js';
import { contentKey } from '../../util/cache.js';
import { patient } from '../../util/patience.js';
import { newNonce } from '../plan.js';

/** Some 100,000 names: seconds on an idle host under TCG, a minute on a loaded one. */
const DEADLINE_MS = 120_000;
const NAMES = 'kallsyms';
const ELF = 'symbols.elf';

/** The names of one saved guest, and the file that a debugger takes them from. */
export interface KernelSymbols {
  readonly symbols: readonly MapSymbol[];
  readonly elf: string;
}

/**
 * Asks a guest that was saved for the functions in its /proc/kallsyms, in a machine of its own; from
 * the cache when it was asked before. A distribution's kernel comes without vmlinux, and modules lie at other places
 * after another boot, so the guest itself is the one to ask.
 * @param ready null where guests boot: then only the kernel's own names are those of another boot
 * @throws DmraceError (environment) when it does not answer.
 */
export async function kernelSymbols(
  rig: ReadyRig,
  placement: Placement,
  ready: ReadyState | null,
): Promise<KernelSymbols> {
  const { image, initramfs, parameters } = rig.machine(placement);
  const key = contentKey(
    ready ? [ready.folder, ready.readyRecords] : ['booted', image, initramfs, ...parameters],
  );
  const entry = await rig.work.cache.entry('symbols', key, async (directory) => {
    const nonce = newNonce();
    const deadlineMs = patient(DEADLINE_MS);
    const { output, end } = await runInGuest(rig.host(placement), {
      // Not the first trial of its placement: nothing of the booted code is to be read.
      ...rig.start({ placement, index: 1 }),
      command: `symbols nonce=${nonce}`,
      nonce,
      deadlineMs,
      traceBoundMs: deadlineMs,
    });
    rig.work.signal.throwIfAborted();
    const symbols = parseSymbolMap(output.trace);
    const announced = firstRecord(readRecords(output.records).records, 'closing')?.traceBytes ?? 0;
    if (announced === 0 || output.trace.length !== announced) {
      throw new DmraceError('environment', {
        observed: `the guest gave ${output.trace.length} of ${announced} bytes of its symbols (${end.how})`,
        limit: `${deadlineMs} ms`,
        action: 'check the load of this machine and try again',
      });
    }
    const { suspect } = staged(rig.request.scenario, placement);
    const others = symbols.filter(({ module }) => module !== suspect.name);
    await writeFile(path.join(directory, NAMES), output.trace);
    const elf = symbolElf(others, rig.work.arch.gdb.elfMachine);
    await writeFile(path.join(directory, ELF), elf);
  });
  const symbols = parseSymbolMap(await readFile(path.join(entry, NAMES), 'utf8'));
  return { symbols, elf: path.join(entry, ELF) };
}
