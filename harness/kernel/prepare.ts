// SPDX-License-Identifier: GPL-2.0-only
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import { parseKernelSpec } from '../model/kernel.js';
import type { PreparedKernel, Report } from '../ports.js';
import type { Cache } from '../util/cache.js';
import { prepareDebianKernel } from './debian.js';

/**
 * Makes the kernel of a specification ready to boot, from the cache where it can.
 * @throws DmraceError (usage) for a bad specification; (inconclusive) for a kernel that cannot run
 *   the race or does not build; (environment) when it cannot be had.
 */
export async function prepareKernel(
  cache: Cache,
  text: string,
  arch: Arch,
  report: Report,
): Promise<PreparedKernel> {
  const spec = parseKernelSpec(text);
  switch (spec.from) {
    case 'debian':
      return prepareDebianKernel(cache, text, arch, spec, report);
    case 'src':
    case 'image':
      throw unsupported(text);
  }
}

/** For kernels that the command line's grammar knows and this version cannot prepare. */
export function unsupported(text: string): DmraceError {
  return new DmraceError('usage', {
    observed: `--kernel ${text}: this version boots Debian's kernels only`,
    action: 'use debian, debian:VERSION or debian:SUITE',
  });
}
