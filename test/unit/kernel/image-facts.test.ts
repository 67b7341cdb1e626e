// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { payloadOf, releaseIn } from '../../../harness/kernel/boot-image.js';
import { readImage } from '../../../harness/kernel/image-facts.js';
import { BtfWriter, writeElf } from '../../support/ko.js';

const folder = mkdtempSync(path.join(tmpdir(), 'dmrace-image-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const work = { signal: new AbortController().signal };

const BANNER = 'Linux version %s (%s)\0Linux version 6.12.0-test (builder@host) (gcc) #1 SMP\n\0';
const types = new BtfWriter();
for (let i = 0; i < 1200; i++) types.int(`type${i}`, 4);
const rodata = { name: '.rodata', type: 1, flags: 2, content: Buffer.from(BANNER) };
const vmlinux = writeElf({
  type: 2,
  sections: [rodata, { name: '.BTF', type: 1, flags: 2, content: types.bytes }],
});
/** As arm64's Image: the memory, without headers. */
const raw = Buffer.concat([
  Buffer.alloc(4096, 0x90),
  rodata.content,
  types.bytes,
  Buffer.alloc(64),
]);

const sized = (packed: Buffer, size: number): Buffer => {
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(size);
  return Buffer.concat([packed, tail]);
};
const tool = (name: string, args: readonly string[], bytes: Buffer): Buffer =>
  execFileSync(name, args, { input: bytes });
const xz = (bytes: Buffer): Buffer =>
  tool('xz', ['--check=crc32', '--x86', '--lzma2', '-c'], bytes);
const zstd = (bytes: Buffer): Buffer => tool('zstd', ['-q', '-c'], bytes);

/** An x86 image of boot protocol 2.15 around a compressed kernel. */
function bzImage(payload: Buffer): Buffer {
  const head = Buffer.alloc(3 * 512 + 0x100);
  head[0x1f1] = 2;
  head.write('HdrS', 0x202, 'latin1');
  head.writeUInt16LE(0x20f, 0x206);
  head.writeUInt32LE(0x100, 0x248);
  head.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([head, payload, Buffer.alloc(300, 0xcc)]);
}

function zboot(payload: Buffer): Buffer {
  const head = Buffer.alloc(0x400);
  head.write('MZ\0\0zimg', 0, 'latin1');
  head.writeUInt32LE(head.length, 8);
  head.writeUInt32LE(payload.length, 12);
  return Buffer.concat([head, payload, Buffer.alloc(100)]);
}

const read = (name: string, bytes: Buffer) => {
  const file = path.join(folder, name.replaceAll(/\W/g, '-'));
  writeFileSync(file, bytes);
  return readImage(work, file);
};

describe('readImage', () => {
  it.each([
    ['a vmlinux', vmlinux],
    ['a bzImage of xz', bzImage(sized(xz(vmlinux), vmlinux.length))],
    ['a bzImage of zstd', bzImage(sized(zstd(vmlinux), vmlinux.length))],
    ['a bzImage of gzip', bzImage(gzipSync(vmlinux))],
    ['an Image', raw],
    ['an Image.gz', gzipSync(raw)],
    ['an EFI zboot image', zboot(sized(zstd(raw), raw.length))],
  ])('finds release and types in %s', async (name, bytes) => {
    const facts = await read(name, bytes);
    expect(facts.release).toBe('6.12.0-test');
    expect(facts.types.is === 'btf' && facts.types.btf.end).toBe(1201);
  });

  it.each([
    ['no types', writeElf({ type: 2, sections: [rodata] }), 'has no type data', '6.12.0-test'],
    [
      'a foreign packing',
      bzImage(Buffer.from('BZh91AY, or what else it may be')),
      'in an unknown way',
      null,
    ],
    ['a damaged payload', bzImage(sized(xz(vmlinux).fill(0, 40), 9)), 'cannot be unpacked', null],
    ['text', Buffer.from('no kernel'), 'has no type data', null],
  ])('says what is wrong with %s', async (name, bytes, why, release) => {
    expect(await read(name, bytes)).toMatchObject({
      release,
      types: { is: 'none', why: expect.stringContaining(why) },
    });
  });

  it('says which file is not there', async () => {
    const missing = path.join(folder, 'missing');
    await expect(readImage(work, missing)).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringContaining(missing),
    });
  });
});

describe('releaseIn', () => {
  it('passes by the form that the banner is printed with', () => {
    expect(releaseIn(Buffer.from(BANNER))).toBe('6.12.0-test');
    expect(releaseIn(Buffer.from('Linux version %s ('))).toBeNull();
  });
});

describe('payloadOf', () => {
  it('finds nothing in what is no boot image', () => {
    expect(payloadOf(raw)).toBeNull();
    expect(payloadOf(Buffer.alloc(10))).toBeNull();
  });
});
