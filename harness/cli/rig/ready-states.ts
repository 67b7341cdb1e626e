// SPDX-License-Identifier: GPL-2.0-only
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Placement } from '../../model/placement.js';
import type { MachineSpec, PreparedKernel } from '../../ports.js';
import { qemuCommandLine, type Sockets } from '../../qemu/command-line.js';
import { qemuMachines } from '../../qemu/machine.js';
import { type ReadyState, readyStateIn, resume, saveReadyState } from '../../trial/ready-state.js';
import { Code } from '../../trial/run-directory.js';
import type { Restored } from '../../trial/trial.js';
import { type Cache, contentKey } from '../../util/cache.js';
import { runTool } from '../../util/command.js';
import { type Codes, readCode } from './code.js';

/** Stands for the sockets in a key: they are new for every machine. */
const NO_SOCKETS: Sockets = { console: '', records: '', commands: '', trace: '', qmp: '' };

/** How a trial goes on from a saved guest. */
export const restored = (state: ReadyState, paused: boolean): Restored => ({
  readyRecords: state.readyRecords,
  resume: (machine, signal) => resume(machine, state.folder, paused, signal).then(() => null),
});

/**
 * The saved guest of each placement, from the cache where it is there. Where saving does not work,
 * the map lacks the placement, its trials boot, and one line says so.
 */
export async function readyStates(
  cache: Cache,
  kernel: PreparedKernel,
  placements: readonly Placement[],
  specOf: (placement: Placement) => MachineSpec,
  codes: Codes,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<Map<Placement, ReadyState>> {
  const states = new Map<Placement, ReadyState>();
  const qemu = await runTool(kernel.arch.qemu.binary, ['--version']);
  const one = async (placement: Placement): Promise<void> => {
    const spec = { ...specOf(placement), restoreFrom: null };
    const key = contentKey([
      qemu,
      // An image of the user's own may be another one tomorrow, under the same name.
      await stat(spec.image).then(({ size, mtimeMs }) => `${size} ${mtimeMs}`),
      // The whole command line: machine, accelerator, image, initramfs (named by content).
      ...qemuCommandLine({ ...spec, memoryIn: '' }, NO_SOCKETS),
    ]);
    const make = (): Promise<string> =>
      cache.entry('ready', key, async (directory) => {
        const started = performance.now();
        const read: Codes = {};
        const whenReady = readCode(placement, kernel, read);
        await saveReadyState(qemuMachines, spec, directory, whenReady, signal);
        await writeFile(path.join(directory, 'code.json'), JSON.stringify(read[placement] ?? null));
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        report(`${placement}: booted and saved in ${seconds} s`);
      });
    let entry = await make();
    let state = await readyStateIn(entry);
    if (!state) {
      report(`${placement}: the saved state in ${entry} is damaged; booting and saving again`);
      await rm(entry, { recursive: true, force: true });
      entry = await make();
      state = await readyStateIn(entry);
    }
    const code = Code.nullable().parse(
      JSON.parse(await readFile(path.join(entry, 'code.json'), 'utf8')),
    );
    if (code) codes[placement] = code;
    if (state) states.set(placement, state);
  };
  await Promise.all(
    placements.map((placement) =>
      one(placement).catch((error: unknown) => {
        if (signal.aborted) throw error;
        const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
        report(
          `${placement}: trials boot their VMs, because the ready state cannot be used: ${why}`,
        );
      }),
    ),
  );
  return states;
}
