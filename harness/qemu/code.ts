// SPDX-License-Identifier: MIT
import path from 'node:path';
import { z } from 'zod';
import { readTailCall, type TailCall } from '../evidence/tail-call.js';
import type { Arch } from '../model/arch/index.js';
import type { Machine } from '../ports.js';
import { runTool } from '../util/command.js';
import { scratch } from '../util/scratch.js';
import { crossPrefix } from '../util/toolchain.js';

const Status = z.looseObject({ running: z.boolean() });

/** The release method is five instructions; its neighbours do no harm, reading stops at its end. */
const BYTES = 64;

/** A method in the memory of a guest. */
export interface BootedMethod {
  readonly address: bigint;
  /** Names of the addresses that it may branch to. */
  readonly targets: ReadonlyMap<bigint, string>;
  /** The function of which is asked whether it is called or jumped to. */
  readonly callee: string;
}

/**
 * Disassembles what the guest's processor really has at an address: relocated, patched by ftrace
 * and alternatives, as booted. A running guest is stopped for the moment.
 */
export async function disassembleBooted(
  machine: Machine,
  arch: Arch,
  { address, targets, callee }: BootedMethod,
): Promise<TailCall> {
  using place = scratch();
  const file = path.join(place.folder, 'code');
  const { running } = Status.parse(await machine.qmp('query-status'));
  if (running) await machine.qmp('stop');
  // 'val' is a signed 64-bit integer on the wire (qapi/machine.json of QEMU 7.2); kernel
  // addresses lie close enough to its top for a JavaScript number to be exact.
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
  return readTailCall(text, arch.disassembly, targets, callee);
}

/** A symbol as nm prints it: its address where it has one, a letter, its name. */
const SYMBOL = /^[0-9a-f ]*\s([A-Za-z]) (\S+)$/;

/**
 * nm's letter for a symbol in an object file, such as T for a global function or U for what another
 * object has; null when it does not occur.
 * @throws DmraceError (environment) when nm cannot read the file.
 */
export async function objectSymbol(
  file: string,
  symbol: string,
  arch: Arch,
): Promise<string | null> {
  const lines = (await runTool(`${crossPrefix(arch)}nm`, [file])).split('\n');
  const found = lines.map((line) => SYMBOL.exec(line)).find((match) => match?.[2] === symbol);
  return found?.[1] ?? null;
}
