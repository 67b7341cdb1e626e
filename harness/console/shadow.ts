// SPDX-License-Identifier: MIT
import { ARCH } from '../model/arch/index.js';
import type { ModuleText } from './symbols.js';
import { moduleAt } from './symbols.js';

/** Of every architecture: a console does not say which it is of. */
const OFFSETS = Object.values(ARCH).flatMap(({ kasanShadowOffset }) => kasanShadowOffset ?? []);
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
