// SPDX-License-Identifier: MIT
import { ARCH } from '../../../harness/model/arch/index.js';
import type { ArchName } from '../../../harness/model/kernel.js';

/** What a made dump holds. */
export interface MadeDump {
  readonly arch?: ArchName;
  /** Stretches of memory: guest-physical address and content. */
  readonly memory: readonly (readonly [physical: bigint, content: Buffer])[];
  /** Program counter and stack pointer of each processor. */
  readonly cpus?: readonly (readonly [pc: bigint, sp: bigint])[];
}

const note = (name: string, type: number, content: Buffer): Buffer => {
  const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length + 1, 0);
  head.writeUInt32LE(content.length, 4);
  head.writeUInt32LE(type, 8);
  return Buffer.concat([head, pad(Buffer.from(`${name}\0`)), pad(content)]);
};

/** A vmcoreinfo as it lies in a guest's memory. */
export const keptNote = (text: string): Buffer => note('VMCOREINFO', 0, Buffer.from(text));

/**
 * A dump in the form of QEMU 7.2 (seen with readelf): a section header between the file's header, whose
 * size is told wrong, and the program headers; memory right behind the notes, at no whole page.
 */
export function qemuDump({ arch = 'x86_64', memory, cpus = [[0n, 0n]] }: MadeDump): Buffer {
  const notes = Buffer.concat(
    cpus.flatMap(([pc, sp], index) => {
      const content = Buffer.alloc(arch === 'x86_64' ? 336 : 392);
      content.writeUInt32LE(index + 1, 32);
      content.writeBigUInt64LE(pc, 112 + 8 * (arch === 'x86_64' ? 16 : 32));
      content.writeBigUInt64LE(sp, 112 + 8 * (arch === 'x86_64' ? 19 : 31));
      return [note('CORE', 1, content), note('QEMU', 0, Buffer.alloc(440))];
    }),
  );
  const headers = 192;
  const notesAt = headers + 56 * (1 + memory.length);
  const head = Buffer.alloc(notesAt);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(4, 16);
  head.writeUInt16LE(ARCH[arch].gdb.elfMachine, 18);
  head.writeBigUInt64LE(BigInt(headers), 32);
  head.writeBigUInt64LE(64n, 40);
  head.writeUInt16LE(8, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1 + memory.length, 56);
  let at = notesAt + notes.length;
  const segments = [[4, notesAt, 0n, notes.length] as const].concat(
    memory.map(([physical, content]) => {
      const here = at;
      at += content.length;
      return [1, here, physical, content.length] as never;
    }),
  ) as readonly (readonly [type: number, offset: number, physical: bigint, bytes: number])[];
  segments.forEach(([type, offset, physical, bytes], index) => {
    const header = headers + 56 * index;
    head.writeUInt32LE(type, header);
    head.writeBigUInt64LE(BigInt(offset), header + 8);
    head.writeBigUInt64LE(physical, header + 16);
    head.writeBigUInt64LE(physical, header + 24);
    head.writeBigUInt64LE(BigInt(bytes), header + 32);
    head.writeBigUInt64LE(BigInt(bytes), header + 40);
  });
  return Buffer.concat([head, notes, ...memory.map(([, content]) => content)]);
}
