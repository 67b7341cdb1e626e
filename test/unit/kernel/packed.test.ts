// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packingOf, UNPACKERS, unpackedSize } from '../../../harness/kernel/packed.js';

const plain = (size: number): Buffer => Buffer.alloc(size, 'some bytes of a module ');
/** Packs with the tool that the kernel's build uses. */
const pack = (tool: string, args: readonly string[], bytes: Buffer): Buffer =>
  execFileSync(tool, args, { input: bytes });

describe.each([
  ['gzip', (bytes: Buffer) => gzipSync(bytes)],
  // scripts/Makefile.modinst, v6.12
  ['xz', (bytes: Buffer) => pack('xz', ['--check=crc32', '--lzma2=dict=1MiB', '-c'], bytes)],
  ['zstd', (bytes: Buffer) => pack('zstd', ['-q', '-c', `--stream-size=${bytes.length}`], bytes)],
] as const)('%s', (packing, packed) => {
  it.each([1, 255, 256, 70_000, 3_000_000])('tells %d bytes', (size) => {
    const bytes = packed(plain(size));
    expect(packingOf(bytes)).toBe(packing);
    expect(unpackedSize(packing, bytes)).toBe(size);
  });

  it('is unpacked by its tool', () => {
    const [tool, ...args] = UNPACKERS[packing];
    expect(execFileSync(tool, args, { input: packed(plain(1000)) }).equals(plain(1000))).toBe(true);
  });
});

describe('what does not tell', () => {
  it('is null: a zstd stream of unknown length, and files that are cut short', () => {
    expect(unpackedSize('zstd', pack('zstd', ['-q', '-c'], plain(5000)))).toBeNull();
    expect(unpackedSize('xz', pack('xz', ['-c'], plain(5000)).subarray(0, 40))).toBeNull();
    expect(unpackedSize('gzip', Buffer.from([0x1f]))).toBeNull();
    expect(packingOf(Buffer.from('\x7fELF'))).toBeNull();
  });
});
