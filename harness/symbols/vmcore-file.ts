// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Arch } from '../model/arch/index.js';
import {
  cpusIn,
  planVmcore,
  readVmcore,
  VMCOREINFO_OVERLAP,
  type Vmcore,
  vmcoreinfoIn,
  vmcoreinfoNote,
  vmcoreinfoOf,
  withPid,
} from './vmcore.js';

/** Headers and notes of QEMU's dumps take a kilobyte for each processor. */
const HEAD_BYTES = 1 << 20;
const PIECE = 1 << 20;
/** Memory is mostly zeros: what holds nothing else becomes a hole. */
const BLOCK = 1 << 16;
const ZEROS = Buffer.alloc(BLOCK);

/** The task whose death the dump shows. */
export interface DeadTask {
  /** Where its processor stands: the address that the guest was stopped at. */
  readonly at: bigint;
  /** As its report has it; null where it does not say. */
  readonly pid: number | null;
}

/** A vmcore that was written. */
export interface WrittenVmcore {
  readonly bytes: number;
  readonly sha256: string;
  /** The processor of the task that died; null without one, or where none stands there. */
  readonly stands: { readonly pc: bigint; readonly sp: bigint } | null;
  /** Whether debuggers have what the kernel tells them of itself. */
  readonly vmcoreinfo: boolean;
}

/** A dump that QEMU wrote and that is none. */
export class NoVmcore extends Error {}

/** Reads the head of a vmcore. @throws NoVmcore when it is none; errors of the file system */
export async function readVmcoreFile(file: string): Promise<Vmcore> {
  const handle = await open(file);
  try {
    return await headOf(handle);
  } finally {
    await handle.close();
  }
}

async function headOf(handle: FileHandle): Promise<Vmcore> {
  const { size } = await handle.stat();
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
  await handle.read(head, 0, head.length, 0);
  const read = readVmcore(head, size);
  if (typeof read === 'string') throw new NoVmcore(read);
  return read;
}

/**
 * Writes QEMU's dump anew as the kernel's own are: with the vmcoreinfo that the kernel keeps in its
 * memory, the pid of the task that died, and the kernel's addresses; zeros become holes.
 * @param from what QEMU wrote; it is left
 * @param to a new file
 * @throws NoVmcore when `from` is no whole vmcore of this architecture; errors of the file system
 */
export async function writeVmcore(
  from: string,
  to: string,
  arch: Arch,
  dead: DeadTask | null,
): Promise<WrittenVmcore> {
  const source = await open(from);
  try {
    const read = await headOf(source);
    if (read.machine !== arch.gdb.elfMachine) {
      throw new NoVmcore(`it is of machine ${read.machine}, not ${arch.gdb.elfMachine}`);
    }
    const cpus = cpusIn(read, arch.name);
    const cpu = dead === null ? -1 : cpus.findIndex(({ pc }) => pc === dead.at);
    const own = dead?.pid != null && cpu >= 0 ? withPid(read.notes, cpu, dead.pid) : read.notes;
    const known = vmcoreinfoOf(read).size > 0;
    const info = known ? null : await findVmcoreinfo(source, read);
    const notes = info ? [...own, vmcoreinfoNote(info)] : own;
    const plan = planVmcore(read, notes, arch.name);
    const target = await open(to, 'wx');
    try {
      const hash = createHash('sha256').update(plan.head);
      await target.write(plan.head, 0, plan.head.length, 0);
      let at = plan.head.length;
      for (const { from: begin, bytes } of plan.copies) {
        for await (const piece of piecesOf(source, begin, bytes)) {
          hash.update(piece);
          await writeSparse(target, piece, at);
          at += piece.length;
        }
      }
      await target.truncate(plan.bytes);
      return {
        bytes: plan.bytes,
        sha256: hash.digest('hex'),
        stands: cpus[cpu] ?? null,
        vmcoreinfo: known || info !== null,
      };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function findVmcoreinfo(source: FileHandle, { loads }: Vmcore): Promise<Buffer | null> {
  for (const { offset, bytes } of loads) {
    let before = Buffer.alloc(0);
    for await (const piece of piecesOf(source, offset, bytes)) {
      const found = vmcoreinfoIn(Buffer.concat([before, piece]));
      if (found) return found;
      before = Buffer.from(piece.subarray(-VMCOREINFO_OVERLAP));
    }
  }
  return null;
}

/** A part of a file, piece by piece; each is good until the next is asked for. */
async function* piecesOf(source: FileHandle, from: number, bytes: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(PIECE);
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(PIECE, bytes - done), from + done);
    if (bytesRead === 0) throw new NoVmcore(`it ends ${bytes - done} bytes too early`);
    yield buffer.subarray(0, bytesRead);
    done += bytesRead;
  }
}

async function writeSparse(target: FileHandle, piece: Buffer, at: number): Promise<void> {
  for (let block = 0; block < piece.length; block += BLOCK) {
    const part = piece.subarray(block, block + BLOCK);
    if (part.equals(ZEROS.subarray(0, part.length))) continue;
    await target.write(part, 0, part.length, at + block);
  }
}
