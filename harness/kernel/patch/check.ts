// SPDX-License-Identifier: MIT
import { parseKernelSpec } from '../../model/kernel.js';
import type { SuspectBuild } from '../../model/suspect-build.js';
import type { Work } from '../../util/work.js';
import { baseOf } from '../source-build.js';
import { openSourceTree } from '../source-tree.js';
import { unpackSuspect } from '../sources.js';
import { resolveStock } from '../stock.js';
import { applySeries } from './apply.js';
import { applyToModule } from './module.js';
import { readSeries } from './series.js';

/** A series that is to go on top of a kernel. */
export interface CheckedSeries {
  readonly suspect: SuspectBuild;
  /** As given with --patch. */
  readonly files: readonly string[];
}

/**
 * Whether a series applies to a kernel, before anything is built.
 * @throws DmraceError (inconclusive) when it does not; (usage) when it is none, or more than the
 *   kernel can have; (environment) when sources cannot be had; AbortError after an interrupt.
 */
export async function requireApplies(
  work: Work,
  text: string,
  { suspect, files }: CheckedSeries,
): Promise<void> {
  const spec = parseKernelSpec(text);
  const series = await readSeries(files, work);
  switch (spec.from) {
    case 'src': {
      const tree = await openSourceTree(spec.path, work.arch, suspect);
      await applySeries(series, baseOf(tree), work);
      return;
    }
    case 'debian': {
      const { archive, stock } = await resolveStock(work, spec);
      const sources = await unpackSuspect(work, archive, stock.source, suspect);
      const { version } = stock.image;
      await applyToModule(work, series, {
        what: `${stock.image.name} ${version}`,
        tree: { key: '', directory: '', sources, version },
        suspect,
        instead: sourceOf(text),
      });
      return;
    }
    case 'image':
      // Its parts lie in folders of the user's; they are looked at when the kernel is prepared.
      return;
  }
}

/** How to have a Debian kernel built from its source. */
export const sourceOf = (spec: string): string =>
  `--kernel src:$(dmrace kernel fetch --source ${spec})`;
