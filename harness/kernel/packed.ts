// SPDX-License-Identifier: MIT

/** How a file is compressed, as far as modules and kernels are. */
export type Packing = 'gzip' | 'xz' | 'lzma' | 'zstd' | 'lz4';

/** What each begins with: the specification of each format; lz4 is the legacy frame of the kernel. */
const MAGIC: readonly (readonly [Packing, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['lzma', [0x5d, 0x00, 0x00]],
];

/** Tools that unpack their standard input, or files one after the other, to standard output. */
export const UNPACKERS: Readonly<Record<Packing, readonly [string, ...string[]]>> = {
  gzip: ['gzip', '-dcq'],
  xz: ['xz', '-dcq'],
  lzma: ['xz', '-dcq', '--format=lzma'],
  zstd: ['zstd', '-dcq', '--long=31'],
  lz4: ['lz4', '-dcq'],
};

/** By its first bytes; null where it is none of these. */
export const packingOf = (bytes: Buffer): Packing | null =>
  MAGIC.find(([, magic]) => magic.every((byte, i) => bytes[i] === byte))?.[0] ?? null;

/**
 * How many bytes a compressed file has inside, where the format tells; null where it does not.
 * @param bytes the whole file
 */
export function unpackedSize(packing: Packing, bytes: Buffer): number | null {
  try {
    if (packing === 'xz') return sizeOfXz(bytes);
    if (packing === 'zstd') return sizeOfZstd(bytes);
    return packing === 'gzip' ? bytes.readUInt32LE(bytes.length - 4) : null;
  } catch (error) {
    if (error instanceof RangeError) return null; // cut short
    throw error;
  }
}

/** The sum over the index of the last stream (The .xz File Format 1.1.0, 2.1.2 and 4). */
function sizeOfXz(bytes: Buffer): number | null {
  const footer = bytes.length - 12;
  if (bytes.toString('latin1', bytes.length - 2) !== 'YZ') return null;
  let at = footer - (bytes.readUInt32LE(footer + 4) + 1) * 4;
  if (bytes.readUInt8(at++) !== 0) return null; // no index
  const integer = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  let size = 0;
  for (let records = integer(); records > 0; records--) {
    integer(); // of the block as it is packed
    size += integer();
  }
  return size;
}

/** The frame's content size (RFC 8878, 3.1.1.1); null where it is left out. */
function sizeOfZstd(bytes: Buffer): number | null {
  const descriptor = bytes.readUInt8(4);
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (single ? 0 : 1) + dictionary;
  switch (descriptor >>> 6) {
    case 0:
      return single ? bytes.readUInt8(at) : null;
    case 1:
      return bytes.readUInt16LE(at) + 256;
    case 2:
      return bytes.readUInt32LE(at);
    default:
      return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
  }
}
