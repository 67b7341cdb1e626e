// SPDX-License-Identifier: MIT

/** Where a boot image keeps the kernel that it unpacks when it starts, in bytes of the file. */
export interface Payload {
  readonly from: number;
  readonly to: number;
}

/**
 * The compressed kernel within a boot image: x86's bzImage (Documentation/arch/x86/boot.rst, fields
 * setup_sects, payload_offset and payload_length, protocol 2.08 and later), or the EFI zboot image
 * of other architectures (drivers/firmware/efi/libstub/zboot-header.S, v6.12).
 * @returns null for everything else, such as arm64's Image, which is the kernel itself
 */
export function payloadOf(image: Buffer): Payload | null {
  if (image.length < 0x250) return null;
  if (image.toString('latin1', 0x202, 0x206) === 'HdrS' && image.readUInt16LE(0x206) >= 0x208) {
    const sectors = image.readUInt8(0x1f1) || 4;
    const from = (sectors + 1) * 512 + image.readUInt32LE(0x248);
    return { from, to: from + image.readUInt32LE(0x24c) };
  }
  if (image.toString('latin1', 0, 2) === 'MZ' && image.toString('latin1', 4, 8) === 'zimg') {
    const from = image.readUInt32LE(8);
    return { from, to: from + image.readUInt32LE(12) };
  }
  return null;
}

/** linux_banner (init/version-timestamp.c): the release that `uname -r` prints. */
export function releaseIn(kernel: Buffer): string | null {
  const BANNER = 'Linux version ';
  for (let at = kernel.indexOf(BANNER); at >= 0; at = kernel.indexOf(BANNER, at + 1)) {
    const text = kernel.toString('latin1', at + BANNER.length, at + BANNER.length + 200);
    const release = /^(\d[^\s%]*) \(/.exec(text)?.[1];
    if (release !== undefined) return release;
  }
  return null;
}
