// SPDX-License-Identifier: MIT
import { Btf } from './btf.js';
import { BtfError } from './kinds.js';

/** Magic, version 1, no flags and the header's size, as they lie in memory (include/uapi/linux/btf.h). */
const BEGIN = Buffer.from([0x9f, 0xeb, 0x01, 0x00, 0x18, 0x00, 0x00, 0x00]);
/** Fewer types than that are no kernel's: those of 6.1 are 120,000. */
const MIN_TYPES = 1000;

/**
 * Finds the type data in a kernel that is no ELF file (arm64's Image is the memory, byte for byte):
 * the header that is followed by type data which can be read to its end.
 * @returns null where there is none
 */
export function findBtf(image: Buffer): Btf | null {
  for (let at = image.indexOf(BEGIN); at >= 0; at = image.indexOf(BEGIN, at + 1)) {
    const btf = tryAt(image, at);
    if (btf && btf.end >= MIN_TYPES) return btf;
  }
  return null;
}

function tryAt(image: Buffer, at: number): Btf | null {
  try {
    // Its own copy: the image is as large as the kernel's memory and is of no more use.
    const head = image.subarray(at);
    const end = 24 + Math.max(endOf(head, 8), endOf(head, 16));
    return new Btf(Buffer.from(head.subarray(0, end)));
  } catch (error) {
    if (error instanceof BtfError || error instanceof RangeError) return null;
    throw error;
  }
}

/** Where a part ends that the header tells as offset and length. */
const endOf = (head: Buffer, at: number): number =>
  head.readUInt32LE(at) + head.readUInt32LE(at + 4);
