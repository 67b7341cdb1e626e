// SPDX-License-Identifier: MIT
import { parseKernelSpec } from '../model/kernel.js';
import { type BuildRequest, buildRequest } from '../model/kernel-profile.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import type { PreparedKernel } from '../ports.js';
import { telling, type Work } from '../util/work.js';
import { prepareDebianKernel } from './debian.js';
import { readSeries } from './patch/series.js';
import { prepareImageKernel } from './prebuilt.js';
import { prepareSourceKernel } from './self-built.js';

/** What is said about a kernel besides its specification. */
export interface PrepareOptions {
  /** Whose unload is asked about: its module comes with the kernel, its control is built. */
  readonly suspect: SuspectBuild;
  /** Whether the planted control is wanted too. */
  readonly planted?: boolean;
  /** Whether the rebuilt control is wanted too (default: yes). */
  readonly control?: boolean;
  /**
   * How a `src:` kernel is configured (default: profile `base`; others have their own .config), and
   * the series that goes on top of any kernel's sources.
   */
  readonly build?: BuildRequest;
}

/**
 * Makes the kernel of a specification ready to boot, from the cache where it can.
 * @param text as given with --kernel
 * @throws DmraceError (usage) for a bad specification; (inconclusive) for a kernel that cannot run
 *   the race or does not build; (environment) when it cannot be had; AbortError after an interrupt.
 */
export async function prepareKernel(
  given: Work,
  text: string,
  {
    suspect,
    planted = false,
    control = true,
    build = buildRequest(undefined, undefined),
  }: PrepareOptions,
): Promise<PreparedKernel> {
  const spec = parseKernelSpec(text);
  const work = telling(given, given.say);
  const wanted = { suspect, planted, control };
  // A wrong file is told before anything is fetched.
  const series = build.patches === undefined ? null : await readSeries(build.patches, work);
  switch (spec.from) {
    case 'debian':
      return prepareDebianKernel(work, text, { spec, series, wanted });
    case 'src':
      return prepareSourceKernel(work, text, { tree: spec.path, build, series, wanted });
    case 'image':
      return prepareImageKernel(work, text, { spec, series, wanted });
  }
}
