// SPDX-License-Identifier: MIT
import { ARCH } from '../model/arch/index.js';
import type { ArchName } from '../model/kernel.js';

/** elf.h: file type, segment types, note types. */
const ET_CORE = 4;
const PT = { load: 1, note: 4 } as const;
const NT_PRSTATUS = 1;
const EHDR = 64;
const PHDR = 56;
const PAGE = 0x1000;
const READABLE = 7;

/** `struct elf_prstatus` (linux 6.1, include/linux/elfcore.h): where the pid and the registers are. */
const PR_PID = 32;
const PR_REG = 112;

/** The name of the kernel's own note of what a debugger must know (kernel/crash_core.c). */
const VMCOREINFO = 'VMCOREINFO';
/** Its note's header and name: n_namesz, n_descsz, n_type, and the name in words of four bytes. */
const NOTE_HEADER = 12;
/** VMCOREINFO_BYTES is a page. */
const VMCOREINFO_MOST = PAGE;

/** A stretch of guest-physical memory, and where it is in the file. */
export interface Load {
  readonly offset: number;
  readonly physical: bigint;
  readonly bytes: number;
}

/** One note. */
export interface Note {
  readonly name: string;
  readonly type: number;
  readonly content: Buffer;
}

/** What a vmcore says of itself. */
export interface Vmcore {
  /** e_machine. */
  readonly machine: number;
  readonly notes: readonly Note[];
  readonly loads: readonly Load[];
}

const text = (bytes: Buffer): string => bytes.toString('latin1').replace(/\0.*$/s, '');
const word4 = (bytes: number): number => (bytes + 3) & ~3;

/**
 * Reads the head of an ELF core file: QEMU's, whose program headers need not follow the file header,
 * or ours.
 * @param head as much of the file as holds the headers and the notes
 * @param size of the whole file, in bytes
 * @returns why it is none, in words
 */
export function readVmcore(head: Buffer, size: number): Vmcore | string {
  if (head.length < EHDR || head.readUInt32BE(0) !== 0x7f454c46) return 'it is no ELF file';
  if (head[4] !== 2 || head[5] !== 1) return 'it is not of 64 bits and little-endian';
  if (head.readUInt16LE(16) !== ET_CORE) return `its type is ${head.readUInt16LE(16)}, not core`;
  const at = Number(head.readBigUInt64LE(32));
  const count = head.readUInt16LE(56);
  if (count === 0 || at + count * PHDR > head.length) return 'its program headers are cut off';
  const notes: Note[] = [];
  const loads: Load[] = [];
  for (let header = at; header < at + count * PHDR; header += PHDR) {
    const type = head.readUInt32LE(header);
    const offset = Number(head.readBigUInt64LE(header + 8));
    const bytes = Number(head.readBigUInt64LE(header + 32));
    if (offset + bytes > size) {
      return `it has ${size} bytes, and a segment ends at ${offset + bytes}`;
    }
    if (type === PT.load) {
      loads.push({ offset, physical: head.readBigUInt64LE(header + 24), bytes });
    }
    if (type !== PT.note) continue;
    if (offset + bytes > head.length) return 'its notes are cut off';
    notes.push(...notesIn(head.subarray(offset, offset + bytes)));
  }
  if (loads.length === 0) return 'it holds no memory';
  return { machine: head.readUInt16LE(18), notes, loads };
}

function notesIn(bytes: Buffer): Note[] {
  const notes: Note[] = [];
  for (let at = 0; at + NOTE_HEADER <= bytes.length; ) {
    const [name, size] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    const content = at + NOTE_HEADER + word4(name);
    if (content + size > bytes.length) break;
    notes.push({
      name: text(bytes.subarray(at + NOTE_HEADER, at + NOTE_HEADER + name)),
      type: bytes.readUInt32LE(at + 8),
      content: Buffer.from(bytes.subarray(content, content + size)),
    });
    at = content + word4(size);
  }
  return notes;
}

/**
 * Looks for the note that the kernel keeps in its memory (linux 6.1, kernel/crash_core.c,
 * update_vmcoreinfo_note()); the same that QEMU's vmcoreinfo device would pass on, which needs a
 * driver of the guest's.
 * @param memory some of the guest's memory
 * @returns its content; null without one, or where `memory` ends within it
 */
export function vmcoreinfoIn(memory: Buffer): Buffer | null {
  const name = `${VMCOREINFO}\0`;
  for (let at = memory.indexOf(name); at >= 0; at = memory.indexOf(name, at + 1)) {
    const header = at - NOTE_HEADER;
    if (header < 0 || memory.readUInt32LE(header) !== name.length) continue;
    const bytes = memory.readUInt32LE(header + 4);
    const from = at + word4(name.length);
    if (bytes === 0 || bytes > VMCOREINFO_MOST || from + bytes > memory.length) continue;
    const content = memory.subarray(from, from + bytes);
    if (content.toString('latin1', 0, 10) === 'OSRELEASE=') return Buffer.from(content);
  }
  return null;
}

/** How far two pieces of memory must overlap for {@link vmcoreinfoIn} to miss nothing. */
export const VMCOREINFO_OVERLAP = NOTE_HEADER + word4(VMCOREINFO.length + 1) + VMCOREINFO_MOST;

/** `NAME=value` lines of a vmcoreinfo. */
export const vmcoreinfoOf = ({ notes }: Pick<Vmcore, 'notes'>): ReadonlyMap<string, string> => {
  const note = notes.find(({ name }) => name === VMCOREINFO);
  const lines = note ? text(note.content).split('\n') : [];
  return new Map(
    lines.map((line) => [line.replace(/=.*$/s, ''), line.slice(line.indexOf('=') + 1)] as const),
  );
};

/** A processor when the dump was taken. */
export interface CpuState {
  readonly pc: bigint;
  readonly sp: bigint;
}

/** The processors, in their order. */
export function cpusIn({ notes }: Pick<Vmcore, 'notes'>, arch: ArchName): CpuState[] {
  const { pc, sp } = ARCH[arch].dump;
  return notes
    .filter(({ name, type }) => name === 'CORE' && type === NT_PRSTATUS)
    .map(({ content }) => ({
      pc: content.readBigUInt64LE(PR_REG + 8 * pc),
      sp: content.readBigUInt64LE(PR_REG + 8 * sp),
    }));
}

/**
 * QEMU notes the number of the processor as the process's (7.2, target/i386/arch_dump.c); the kernel's
 * own dumps note the pid (kernel/kexec_core.c, crash_save_cpu()), which debuggers find the task by.
 */
export function withPid(notes: readonly Note[], cpu: number, pid: number): Note[] {
  let seen = -1;
  return notes.map((note) => {
    if (note.name !== 'CORE' || note.type !== NT_PRSTATUS || ++seen !== cpu) return note;
    const content = Buffer.from(note.content);
    content.writeUInt32LE(pid, PR_PID);
    return { ...note, content };
  });
}

/** A mapping that a program header tells of. */
interface Mapping {
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly bytes: number;
}

const number = (said: string | undefined, base: 'hex' | 'any'): bigint | null => {
  if (said === undefined || !/^(0x)?-?[0-9a-f]+$/i.test(said)) return null;
  return BigInt(base === 'hex' && !said.startsWith('0x') ? `0x${said}` : said);
};

/** Half of the addresses, where the kernel's begin, by the width of addresses. */
const below = (bits: bigint): bigint => (1n << 64n) - (1n << bits);

/**
 * Where the kernel has its memory: the direct mapping, and that of its own image as far as its first
 * page table, which debuggers read before they can follow any table. Null where the kernel does not
 * tell. Guests are booted with nokaslr.
 *
 * x86-64: Documentation/x86/x86_64/mm.rst of 6.1; arm64: Documentation/arm64/memory.rst, since 5.4.
 */
export function mappingsOf(
  info: ReadonlyMap<string, string>,
  arch: ArchName,
): { readonly direct: bigint; readonly image: Mapping } | null {
  const text = number(info.get('SYMBOL(_stext)'), 'hex');
  const table = number(info.get('SYMBOL(swapper_pg_dir)'), 'hex');
  if (text === null || table === null) return null;
  const from = (text < table ? text : table) & ~BigInt(PAGE - 1);
  const bytes = Number((text < table ? table : text) - from) + PAGE;
  if (ARCH[arch].dump.image === 'phys_base') {
    const base = number(info.get('NUMBER(phys_base)'), 'any') ?? 0n;
    const five = info.get('NUMBER(pgtable_l5_enabled)') === '1';
    return {
      direct: five ? 0xff11_0000_0000_0000n : 0xffff_8880_0000_0000n,
      image: { virtual: from, physical: from - 0xffff_ffff_8000_0000n + base, bytes },
    };
  }
  const bits = number(info.get('NUMBER(VA_BITS)'), 'any');
  const start = number(info.get('NUMBER(PHYS_OFFSET)'), 'hex');
  const offset = number(info.get('NUMBER(kimage_voffset)'), 'hex');
  if (bits === null || start === null || offset === null) return null;
  return {
    direct: below(bits) - start,
    image: { virtual: from, physical: BigInt.asUintN(64, from - offset), bytes },
  };
}

/** What a dump is written as. */
export interface VmcorePlan {
  /** Everything before the memory. */
  readonly head: Buffer;
  /** What follows it: parts of the file that was read, in order. */
  readonly copies: readonly { readonly from: number; readonly bytes: number }[];
  /** Of the whole file. */
  readonly bytes: number;
}

/**
 * A vmcore as the kernel's own are: headers in order, notes with the kernel's vmcoreinfo, memory at
 * whole pages, with the addresses at which the kernel sees it.
 */
export function planVmcore(
  { machine, loads }: Vmcore,
  notes: readonly Note[],
  arch: ArchName,
): VmcorePlan {
  const told = mappingsOf(vmcoreinfoOf({ notes }), arch);
  const image = told && inLoad(loads, told.image);
  const noted = Buffer.concat(notes.map(noteBytes));
  const count = 1 + loads.length + (image ? 1 : 0);
  const notesAt = EHDR + count * PHDR;
  const first = Math.ceil((notesAt + noted.length) / PAGE) * PAGE;
  const head = Buffer.alloc(first);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little-endian, version 1
  head.writeUInt16LE(ET_CORE, 16);
  head.writeUInt16LE(machine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(EHDR), 32);
  head.writeUInt16LE(EHDR, 52);
  head.writeUInt16LE(PHDR, 54);
  head.writeUInt16LE(count, 56);
  let header = EHDR;
  const segment = (type: number, offset: number, mapping: Mapping): void => {
    head.writeUInt32LE(type, header);
    head.writeUInt32LE(type === PT.load ? READABLE : 0, header + 4);
    head.writeBigUInt64LE(BigInt(offset), header + 8);
    head.writeBigUInt64LE(BigInt.asUintN(64, mapping.virtual), header + 16);
    head.writeBigUInt64LE(mapping.physical, header + 24);
    head.writeBigUInt64LE(BigInt(mapping.bytes), header + 32);
    head.writeBigUInt64LE(BigInt(mapping.bytes), header + 40);
    header += PHDR;
  };
  segment(PT.note, notesAt, { virtual: 0n, physical: 0n, bytes: noted.length });
  head.set(noted, notesAt);
  const starts: number[] = [];
  let next = first;
  for (const { bytes } of loads) {
    starts.push(next);
    next += bytes;
  }
  if (image && told) segment(PT.load, (starts[image.load] ?? 0) + image.offset, told.image);
  loads.forEach(({ physical, bytes }, index) => {
    segment(PT.load, starts[index] ?? 0, {
      virtual: told ? told.direct + physical : physical,
      physical,
      bytes,
    });
  });
  return {
    head,
    copies: loads.map(({ offset, bytes }) => ({ from: offset, bytes })),
    bytes: next,
  };
}

/** The load that holds all of a mapping, and where in it; null when none does. */
function inLoad(loads: readonly Load[], { physical, bytes }: Mapping) {
  const load = loads.findIndex(
    (one) =>
      one.physical <= physical && physical + BigInt(bytes) <= one.physical + BigInt(one.bytes),
  );
  const found = loads[load];
  return found ? { load, offset: Number(physical - found.physical) } : null;
}

function noteBytes({ name, type, content }: Note): Buffer {
  const bytes = Buffer.alloc(NOTE_HEADER + word4(name.length + 1) + word4(content.length));
  bytes.writeUInt32LE(name.length + 1, 0);
  bytes.writeUInt32LE(content.length, 4);
  bytes.writeUInt32LE(type, 8);
  bytes.write(name, NOTE_HEADER, 'latin1');
  bytes.set(content, NOTE_HEADER + word4(name.length + 1));
  return bytes;
}

/** The note of a vmcoreinfo. */
export const vmcoreinfoNote = (content: Buffer): Note => ({ name: VMCOREINFO, type: 0, content });
