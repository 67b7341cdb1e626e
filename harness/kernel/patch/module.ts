// SPDX-License-Identifier: MIT
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../../model/errors.js';
import { type Series, seriesWords } from '../../model/patch.js';
import type { SuspectBuild } from '../../model/suspect-build.js';
import { contentKey } from '../../util/cache.js';
import type { Work } from '../../util/work.js';
import { type BuildTree, debugCopy, makeModules, stripped } from '../kbuild.js';
import { applySeries, type Overlay, overlayKey } from './apply.js';
import { outsideModule } from './scope.js';

/** A kernel that is booted as it is: only the suspect's module can be another one. */
export interface StockBase {
  /** For messages, e.g. `linux-image-6.1.0-56-cloud-amd64 6.1.192-2`. */
  readonly what: string;
  readonly tree: BuildTree;
  readonly suspect: SuspectBuild;
  /** How to have the whole kernel built with the series, for an error. */
  readonly instead: string;
}

/**
 * What a series makes of the suspect's sources.
 * @throws DmraceError (usage) when it changes what is not of the suspect's module alone;
 *   (inconclusive) when it does not apply.
 */
export async function applyToModule(
  work: Work,
  series: Series,
  { what, tree, suspect, instead }: StockBase,
): Promise<Overlay> {
  const files = [...new Set(series.flatMap((patch) => patch.files))];
  const outside = outsideModule(files, await textsIn(tree.sources), suspect);
  if (outside.length > 0) {
    throw new DmraceError('usage', {
      observed: `${what} is booted as it is, only its ${suspect.object} can be rebuilt, and the patch changes more: ${outside.join('; ')}`,
      action: `have the kernel built from source: ${instead}`,
    });
  }
  await tree.whole?.();
  const base = {
    what,
    directory: tree.sources,
    locate: (file: string): string =>
      path.join(tree.sources, path.relative(suspect.directory, file)),
  };
  return applySeries(series, base, work);
}

/**
 * The suspect's module of such a kernel: its own without a series, else rebuilt with it.
 * @throws as {@link applyToModule} and {@link buildPatchedModule}
 */
export async function stockModule(
  work: Work,
  own: string,
  series: Series | null,
  base: StockBase,
): Promise<{ readonly module: string; readonly series: Series | null }> {
  if (series === null) return { module: own, series };
  const overlay = await applyToModule(work, series, base);
  const module = await buildPatchedModule(work, base.tree, base.suspect, { series, overlay });
  return { module, series };
}

/** For people, behind the version of such a kernel. */
export const stockWords = (series: Series | null, { object }: SuspectBuild): string =>
  series === null ? '' : `, ${object} rebuilt with ${seriesWords(series)}`;

/** The C sources, headers and Makefile of a folder, by name. */
async function textsIn(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder, { recursive: true });
  const wanted = names.filter((name) => /(\.[ch]|(^|\/)Makefile)$/.test(name));
  const texts = await Promise.all(
    wanted.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const),
  );
  return new Map(texts);
}

/**
 * The suspect's module of its sources with a series, against the kernel as it is. With an empty
 * series it differs from the kernel's own by the compiler alone.
 * @returns the module
 * @throws DmraceError (inconclusive) when it does not build.
 */
export async function buildPatchedModule(
  work: Work,
  tree: BuildTree,
  suspect: SuspectBuild,
  { series, overlay }: { readonly series: Series; readonly overlay: Overlay },
): Promise<string> {
  const { object } = suspect;
  const entry = await work.cache.entry(
    'patched',
    contentKey([tree.key, work.arch.name, object, overlayKey(overlay)]),
    async (directory) => {
      const started = performance.now();
      const sources = path.join(directory, path.basename(suspect.directory));
      await cp(tree.sources, sources, { recursive: true });
      for (const [name, file] of overlay) {
        const at = path.join(sources, path.relative(suspect.directory, name));
        if (file === null) {
          await rm(at, { force: true });
          continue;
        }
        await mkdir(path.dirname(at), { recursive: true });
        await writeFile(at, file.content);
      }
      await makeModules(work, tree, sources, [object]);
      const module = path.join(directory, object);
      await rename(path.join(sources, object), debugCopy(module));
      await stripped(work, debugCopy(module), module);
      await rm(sources, { recursive: true });
      work.say(
        `built ${object} with ${seriesWords(series)} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
    },
  );
  return path.join(entry, object);
}
