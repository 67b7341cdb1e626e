// SPDX-License-Identifier: MIT

import { fetchUserland } from '../initramfs/userland.js';
import { resolveStock } from '../kernel/stock.js';
import { parseKernelSpec } from '../model/kernel.js';
import { together } from '../util/together.js';
import type { Work } from '../util/work.js';

/**
 * Downloads what a run on one of Debian's kernels will need, into the cache. It takes apt alone, so
 * it can go on while the tools that unpack and build are being installed.
 * @param text as given with --kernel; another kernel than Debian's needs nothing of this
 * @throws DmraceError, AbortError as the run itself would
 */
export async function fetchAhead(work: Work, text: string): Promise<void> {
  const spec = parseKernelSpec(text);
  if (spec.from !== 'debian') return;
  await together(work, [
    async (own) => {
      const { archive, stock } = await resolveStock(own, spec);
      const packages = [stock.source, stock.image, ...stock.imageParts, ...stock.headers];
      await archive.fetch([...packages, ...stock.kbuild]);
    },
    fetchUserland,
  ]);
}
