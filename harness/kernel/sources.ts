// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { DebianArchive, Package } from '../debian/archive.js';
import { DmraceError } from '../model/errors.js';
import { parseKernelSpec } from '../model/kernel.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import type { EntryOptions } from '../util/cache.js';
import { shell } from '../util/shell.js';
import { telling, type Work } from '../util/work.js';
import { resolveStock } from './stock.js';

/** How a linux-source package is unpacked. */
export interface Unpacking {
  /** Kind of the cache's entry. */
  readonly kind: string;
  /** tar's words for what to take, `NAME` standing for the package's top folder. */
  readonly tar: readonly string[];
}

/**
 * Unpacks a linux-source package.
 * @returns the folder in the cache.
 * @throws DmraceError (environment) when it cannot be downloaded or unpacked; AbortError after an
 *   interrupt.
 */
export async function unpackSource(
  { cache, say, signal }: Pick<Work, 'cache' | 'say' | 'signal'>,
  archive: DebianArchive,
  source: Package,
  { kind, tar }: Unpacking,
  options: EntryOptions = {},
): Promise<string> {
  const key = `${source.name}_${source.version}`;
  const build = async (directory: string): Promise<void> => {
    const deb = await archive.download(source);
    const started = Date.now();
    const words = tar.map((word) => word.replace('NAME', source.name)).join(' ');
    await shell(directory, signal)`
      set -f
      dpkg-deb --fsys-tarfile ${deb} | tar -xO ${`./usr/src/${source.name}.tar.xz`} | xz -dc -T0 |
        tar -x $(echo ${words})`;
    say(`unpacked ${source.name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  };
  return cache.entry(kind, key, build, options);
}

/** The suspect's folder of the sources alone, for the control. @throws as {@link unpackSource}. */
export async function unpackSuspect(
  work: Work,
  archive: DebianArchive,
  source: Package,
  suspect: SuspectBuild,
  options: EntryOptions = {},
): Promise<string> {
  const folders = suspect.directory.split('/');
  const tar = [`--strip-components=${folders.length}`, `NAME/${suspect.directory}`];
  const kind = folders.join('-');
  const entry = await unpackSource(work, archive, source, { kind, tar }, options);
  return path.join(entry, folders.at(-1) ?? '');
}

/**
 * The whole tree of a Debian kernel's sources; its path is for `src:`.
 * @throws DmraceError (usage) for another specification than `debian`; (environment) when it cannot
 *   be had; AbortError after an interrupt.
 */
export async function fetchSource(given: Work, text: string): Promise<string> {
  const spec = parseKernelSpec(text);
  if (spec.from !== 'debian') {
    throw new DmraceError('usage', {
      observed: `kernel fetch --source ${text}: only Debian's kernels are fetched`,
      action: 'name one, e.g. debian:6.12',
    });
  }
  const work = telling(given, given.say);
  const { archive, stock } = await resolveStock(work, spec);
  const tar = ['--strip-components=1'];
  return unpackSource(work, archive, stock.source, { kind: 'source', tar });
}
