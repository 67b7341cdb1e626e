// SPDX-License-Identifier: GPL-2.0-only
import type { ModuleText } from './symbols.js';
import { moduleAt } from './symbols.js';

/** KASAN_SHADOW_OFFSET of generic KASAN (v6.12): arch/x86/Kconfig; arch/arm64/Kconfig, 48-bit addresses. */
const OFFSETS = [0xdffffc0000000000n, 0xdfff800000000000n];
/** One shadow byte says of 8 bytes whether they may be accessed (KASAN_SHADOW_SCALE_SHIFT). */
const SHIFT = 3n;

/**
 * The address in one of the modules that an access was about. With KASAN_VMALLOC the shadow of freed
 * module memory is given back too (mm/kasan/shadow.c, kasan_release_vmalloc()), and the check before
 * the access is what faults, at the address of the shadow byte.
 */
export function accessedIn(modules: readonly ModuleText[], fault: bigint): bigint | undefined {
  const meant = OFFSETS.map((offset) => BigInt.asUintN(64, (fault - offset) << SHIFT));
  return [fault, ...meant].find((address) => moduleAt(modules, address) !== undefined);
}
