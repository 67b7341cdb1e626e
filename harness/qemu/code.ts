// SPDX-License-Identifier: GPL-2.0-only
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { readTailCall, type TailCall } from '../evidence/tail-call.js';
import type { Arch } from '../model/arch/index.js';
import type { Machine } from '../ports.js';
import { runTool } from '../util/command.js';
import { crossPrefix } from '../util/toolchain.js';

const Status = z.looseObject({ running: z.boolean() });

/** The release method is five instructions; its neighbours do no harm, reading stops at its end. */
const BYTES = 64;

/**
 * Disassembles what the guest's processor really has at an address: relocated, patched by ftrace
 * and alternatives, as booted. A running guest is stopped for the moment.
 */
export async function disassembleBooted(
  machine: Machine,
  arch: Arch,
  address: bigint,
  names: ReadonlyMap<bigint, string>,
): Promise<TailCall> {
  const directory = await mkdtemp(path.join(tmpdir(), 'dmrace-code-'));
  try {
    const file = path.join(directory, 'code');
    const { running } = Status.parse(await machine.qmp('query-status'));
    if (running) await machine.qmp('stop');
    // 'val' is a signed 64-bit integer on the wire (qapi/machine.json of QEMU 7.2); kernel addresses
    // lie close enough to its top for a JavaScript number to be exact.
    const val = Number(BigInt.asIntN(64, address));
    await machine.qmp('memsave', { val, size: BYTES, filename: file });
    if (running) await machine.qmp('cont');
    const text = await runTool(`${crossPrefix(arch)}objdump`, [
      '-D',
      '-b',
      'binary',
      '-m',
      arch.disassembly.objdump,
      `--adjust-vma=0x${address.toString(16)}`,
      file,
    ]);
    return readTailCall(text, arch.disassembly, names);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** nm's letter for dm_kobject_release in an object file; null when it does not occur. */
export async function objectSymbol(file: string, arch: Arch): Promise<string | null> {
  const symbols = await runTool(`${crossPrefix(arch)}nm`, [file]);
  return /^[0-9a-f ]*\s([A-Za-z]) dm_kobject_release$/m.exec(symbols)?.[1] ?? null;
}
