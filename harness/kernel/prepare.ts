// SPDX-License-Identifier: GPL-2.0-only
import type { Arch } from '../model/arch/index.js';
import { parseKernelSpec } from '../model/kernel.js';
import { type BuildRequest, buildRequest } from '../model/kernel-profile.js';
import type { PreparedKernel, Report } from '../ports.js';
import type { Cache } from '../util/cache.js';
import { prepareDebianKernel } from './debian.js';
import { prepareImageKernel } from './prebuilt.js';
import { prepareSourceKernel } from './self-built.js';

/** What may be said about a kernel besides its specification. */
export interface PrepareOptions {
  /** How a `src:` kernel is configured (default: profile `base`); others have their own .config. */
  readonly build?: BuildRequest;
  /** Stops downloads and compilers. */
  readonly signal?: AbortSignal;
}

/**
 * Makes the kernel of a specification ready to boot, from the cache where it can.
 * @throws DmraceError (usage) for a bad specification; (inconclusive) for a kernel that cannot run
 *   the race or does not build; (environment) when it cannot be had; AbortError after an interrupt.
 */
export async function prepareKernel(
  cache: Cache,
  text: string,
  arch: Arch,
  report: Report,
  options: PrepareOptions = {},
): Promise<PreparedKernel> {
  const spec = parseKernelSpec(text);
  const told = cache.telling(report);
  const signal = options.signal ?? new AbortController().signal;
  switch (spec.from) {
    case 'debian':
      return prepareDebianKernel(told, text, arch, spec, report, signal);
    case 'src': {
      const build = options.build ?? buildRequest(undefined, undefined);
      return prepareSourceKernel(told, text, spec.path, build, arch, report, signal);
    }
    case 'image':
      return prepareImageKernel(told, text, spec, arch, report, signal);
  }
}
