// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARCH } from '../../../harness/model/arch/index.js';
import {
  cpusIn,
  mappingsOf,
  readVmcore,
  vmcoreinfoIn,
  vmcoreinfoOf,
} from '../../../harness/symbols/vmcore.js';
import { NoVmcore, readVmcoreFile, writeVmcore } from '../../../harness/symbols/vmcore-file.js';
import { keptNote, qemuDump } from './support.js';

const MIB = 1 << 20;
const PC = 0xffffffff81003300n;
const SP = 0xffffc900005c3cb8n;
const INFO = [
  'OSRELEASE=6.1.0-56-cloud-amd64',
  'SYMBOL(swapper_pg_dir)=ffffffff80203000',
  'SYMBOL(_stext)=ffffffff80100000',
  'NUMBER(phys_base)=0',
  'NUMBER(pgtable_l5_enabled)=0',
  '',
].join('\n');

/** 4 MiB of memory whose kernel keeps its note in the middle, and a ROM far above. */
function memory(info: string | null = INFO): readonly (readonly [bigint, Buffer])[] {
  const low = Buffer.alloc(4 * MIB);
  low.fill(0xaa, 5000, 5100);
  if (info !== null) low.set(keptNote(info), 3 * MIB);
  return [
    [0n, low],
    [0xfffc0000n, Buffer.alloc(0x40000, 0xf4)],
  ];
}
const read = (file: Buffer) => {
  const found = readVmcore(file, file.length);
  if (typeof found === 'string') throw new Error(found);
  return found;
};

describe('a vmcore of QEMU', () => {
  const cpus = [
    [PC, SP],
    [1n, 2n],
  ] as const;
  const file = qemuDump({ memory: memory(), cpus });

  it('is read wherever its headers are', () => {
    const { machine, notes, loads } = read(file);
    expect(machine).toBe(62);
    expect(notes.map(({ name }) => name)).toEqual(['CORE', 'QEMU', 'CORE', 'QEMU']);
    expect(loads.map(({ physical, bytes }) => [physical, bytes])).toEqual([
      [0n, 4 * MIB],
      [0xfffc0000n, 0x40000],
    ]);
    expect(cpusIn({ notes }, 'x86_64')).toEqual([
      { pc: PC, sp: SP },
      { pc: 1n, sp: 2n },
    ]);
  });

  it.each<[string, (bytes: Buffer) => Buffer | number, RegExp]>([
    ['no ELF', (bytes) => bytes.fill(0, 0, 4), /no ELF file/],
    ['of 32 bits', (bytes) => bytes.fill(1, 4, 5), /not of 64 bits/],
    ['a program', (bytes) => bytes.fill(2, 16, 17), /its type is 2, not core/],
    ['cut in its headers', (bytes) => bytes.subarray(0, 200), /headers are cut off/],
    [
      'cut in its memory',
      (bytes) => bytes.subarray(0, 3 * MIB),
      /has 3145728 bytes, and a segment/,
    ],
    ['without memory', () => qemuDump({ memory: [] }), /holds no memory/],
    ['nothing', () => Buffer.alloc(0), /no ELF file/],
  ])('that is %s is told', (_, damage, said) => {
    const bytes = damage(Buffer.from(file)) as Buffer;
    expect(readVmcore(bytes, bytes.length)).toMatch(said);
  });
});

describe('the kernel’s own note', () => {
  it('is found in memory, not its name in the kernel’s text', () => {
    const text = Buffer.alloc(4096);
    text.write('VMCOREINFO\0OSRELEASE=%s\n', 100);
    text.set(keptNote(INFO), 1000);
    expect(vmcoreinfoIn(text)?.toString()).toBe(INFO);
    expect(vmcoreinfoIn(text.subarray(0, 900))).toBeNull();
  });
  it('that goes on beyond the piece is none yet', () => {
    expect(vmcoreinfoIn(keptNote(INFO).subarray(0, 60))).toBeNull();
    expect(vmcoreinfoIn(Buffer.from('VMCOREINFO\0'))).toBeNull();
    expect(vmcoreinfoIn(keptNote('no such thing'))).toBeNull();
  });
});

describe('where the kernel has its memory', () => {
  const info = (text: string) =>
    vmcoreinfoOf({ notes: [{ name: 'VMCOREINFO', type: 0, content: Buffer.from(text) }] });

  it('is told on x86-64, with four or five levels of page tables', () => {
    expect(mappingsOf(info(INFO), 'x86_64')).toEqual({
      direct: 0xffff888000000000n,
      image: { virtual: 0xffffffff80100000n, physical: 0x100000n, bytes: 0x104000 },
    });
    const five = INFO.replace('l5_enabled)=0', 'l5_enabled)=1');
    expect(mappingsOf(info(five), 'x86_64')?.direct).toBe(0xff11000000000000n);
  });

  it('is told on arm64', () => {
    // Debian 6.1.192-2, rt-arm64, on QEMU's virt.
    const arm = [
      'SYMBOL(swapper_pg_dir)=ffff800009572000',
      'SYMBOL(_stext)=ffff800008010000',
      'NUMBER(VA_BITS)=48',
      'NUMBER(kimage_voffset)=0xffff7fffc7e00000',
      'NUMBER(PHYS_OFFSET)=0x40000000',
    ];
    const told = mappingsOf(info(arm.join('\n')), 'arm64');
    expect(told?.image).toEqual({
      virtual: 0xffff800008010000n,
      physical: 0x40210000n,
      bytes: 0x1563000,
    });
    expect(BigInt.asUintN(64, (told?.direct ?? 0n) + 0x40000000n)).toBe(0xffff000000000000n);
    for (const missing of arm) {
      const rest = arm.filter((line) => line !== missing);
      expect(mappingsOf(info(rest.join('\n')), 'arm64'), missing).toBeNull();
    }
  });
});

describe('a vmcore that is written anew', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'dmrace-vmcore-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const at = (name: string): string => path.join(folder, name);
  const written = async (bytes: Buffer, dead: Parameters<typeof writeVmcore>[3] = null) => {
    writeFileSync(at('qemu'), bytes);
    return writeVmcore(at('qemu'), at('vmcore'), ARCH.x86_64, dead);
  };

  it('has the note, the kernel’s addresses, the pid of the task, and the memory byte for byte', async () => {
    const cpus = [
      [1n, 2n],
      [PC, SP],
    ] as const;
    const done = await written(qemuDump({ memory: memory(), cpus }), { at: PC, pid: 117 });
    expect(done).toMatchObject({ stands: { pc: PC, sp: SP }, vmcoreinfo: true });
    const file = readFileSync(at('vmcore'));
    expect(file.length).toBe(done.bytes);
    expect(createHash('sha256').update(file).digest('hex')).toBe(done.sha256);
    const { notes, loads } = await readVmcoreFile(at('vmcore'));
    expect(vmcoreinfoOf({ notes }).get('OSRELEASE')).toBe('6.1.0-56-cloud-amd64');
    const pids = notes
      .filter(({ name }) => name === 'CORE')
      .map(({ content }) => content.readUInt32LE(32));
    expect(pids).toEqual([1, 117]);
    // The kernel's image first, then all memory; every load at whole pages.
    expect(loads.map(({ offset }) => offset % 4096)).toEqual([0, 0, 0]);
    const [image, low, rom] = loads;
    expect(image).toMatchObject({ physical: 0x100000n, bytes: 0x104000 });
    expect(image?.offset).toBe((low?.offset ?? 0) + 0x100000);
    const held = ({ offset = 0, bytes = 0 } = {}): Buffer => file.subarray(offset, offset + bytes);
    expect(held(low).equals(memory()[0]?.[1] ?? Buffer.alloc(0))).toBe(true);
    expect(held(rom).equals(memory()[1]?.[1] ?? Buffer.alloc(0))).toBe(true);
    expect(file.readBigUInt64LE(64 + 2 * 56 + 16)).toBe(0xffff888000000000n);
  });

  it('has holes where memory holds zeros', async () => {
    const { bytes } = await written(qemuDump({ memory: memory() }));
    const { size, blocks } = statSync(at('vmcore'));
    expect(size).toBe(bytes);
    expect(blocks * 512).toBeLessThan(MIB);
  });

  it('says that there is no note, and keeps physical addresses then', async () => {
    const done = await written(qemuDump({ memory: memory(null) }), { at: PC, pid: 1 });
    expect(done).toMatchObject({ vmcoreinfo: false, stands: null });
    const { loads } = await readVmcoreFile(at('vmcore'));
    expect(loads).toHaveLength(2);
  });

  it('keeps a note that QEMU has passed on itself', async () => {
    await written(qemuDump({ memory: memory() }));
    const again = await writeVmcore(at('vmcore'), at('again'), ARCH.x86_64, null);
    expect(again.vmcoreinfo).toBe(true);
    const { notes } = await readVmcoreFile(at('again'));
    expect(notes.filter(({ name }) => name === 'VMCOREINFO')).toHaveLength(1);
  });

  it('is refused of another architecture, and cut off', async () => {
    const dump = qemuDump({ memory: memory() });
    writeFileSync(at('qemu'), dump);
    const other = writeVmcore(at('qemu'), at('arm'), ARCH.arm64, null);
    await expect(other).rejects.toThrow(new NoVmcore('it is of machine 62, not 183'));
    truncateSync(at('qemu'), dump.length - 1);
    await expect(writeVmcore(at('qemu'), at('cut'), ARCH.x86_64, null)).rejects.toThrow(NoVmcore);
  });

  it('never takes the place of another file', async () => {
    writeFileSync(at('vmcore'), 'mine');
    await expect(written(qemuDump({ memory: memory() }))).rejects.toThrow(/EEXIST/);
    expect(readFileSync(at('vmcore'), 'utf8')).toBe('mine');
  });
});
