// SPDX-License-Identifier: GPL-2.0-only
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type MapSymbol, parseSymbolMap } from '../../console/symbols.js';
import { readRecords } from '../../evidence/records.js';
import { DmraceError } from '../../model/errors.js';
import type { Placement } from '../../model/placement.js';
import { firstRecord } from '../../model/record.js';
import { qemuMachines } from '../../qemu/machine.js';
import { symbolElf } from '../../symbols/elf.js';
import { newNonce } from '../campaign.js';
import type { ReadyState } from '../../rig/ready-state.js';
import { runInGuest } from '../../trial/trial.js';
import { contentKey } from '../../util/cache.js';
import type { Rig } from '../../rig/rig.js';

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
 * Asks a guest that was saved for the functions in its /proc/kallsyms, in a machine of its own; from the cache when it
 * was asked before. A distribution's kernel comes without vmlinux, and modules lie at other places
 * after another boot, so the guest itself is the one to ask.
 * @throws DmraceError (environment) when it does not answer.
 */
export async function kernelSymbols(
  rig: Rig,
  placement: Placement,
  ready: ReadyState,
): Promise<KernelSymbols> {
  const key = contentKey([ready.folder, ready.readyRecords]);
  const entry = await rig.cache.entry('symbols', key, async (directory) => {
    const plan = {
      placement,
      index: 0,
      seed: 0,
      nonce: newNonce(),
      scenario: 'symbols',
      yieldAfter: 0,
    };
    const { files } = await runInGuest(
      qemuMachines,
      rig.spec(placement),
      plan,
      `symbols nonce=${plan.nonce}`,
      rig.signal,
      { ...rig.start(plan), deadlineMs: DEADLINE_MS, traceBoundMs: DEADLINE_MS },
    );
    rig.signal.throwIfAborted();
    const symbols = parseSymbolMap(files.trace);
    const announced = firstRecord(readRecords(files.records).records, 'closing')?.traceBytes ?? 0;
    if (announced === 0 || files.trace.length !== announced) {
      throw new DmraceError('environment', {
        observed: `the guest gave ${files.trace.length} of ${announced} bytes of its symbols (${files.note.end.how})`,
        limit: `${DEADLINE_MS} ms`,
        action: 'check the load of this machine and try again',
      });
    }
    const others = symbols.filter(({ module }) => module !== 'dm_mod');
    await writeFile(path.join(directory, NAMES), files.trace);
    const elf = symbolElf(others, rig.request.arch.gdb.elfMachine);
    await writeFile(path.join(directory, ELF), elf);
  });
  const symbols = parseSymbolMap(await readFile(path.join(entry, NAMES), 'utf8'));
  return { symbols, elf: path.join(entry, ELF) };
}
