// SPDX-License-Identifier: MIT

/**
 * A 64-bit word as a number: offsets and sizes of files are far below 2^53, and what is above (a
 * kernel's address) only loses bits that nobody compares. A BigInt for each would cost most of the
 * time.
 */
export const u64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;

/** The same with a sign: addends. */
export const i64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * 0x1_0000_0000;

/** A zero-terminated string of a table that ends at `end`; empty outside of it. */
export function nameAt(bytes: Buffer, at: number, end: number): string {
  if (at >= end) return '';
  const zero = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, zero < 0 || zero > end ? end : zero);
}
