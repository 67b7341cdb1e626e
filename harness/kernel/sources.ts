// SPDX-License-Identifier: GPL-2.0-only
import path from 'node:path';
import type { DebianArchive, Package } from '../debian/archive.js';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import { parseKernelSpec } from '../model/kernel.js';
import type { Report } from '../ports.js';
import type { Cache } from '../util/cache.js';
import { recipe } from '../util/recipe.js';
import { resolveStock } from './stock.js';

/**
 * Unpacks a linux-source package.
 * @param wanted tar's words for what to take, `NAME` standing for the package's top folder.
 */
export async function unpackSource(
  cache: Cache,
  archive: DebianArchive,
  source: Package,
  kind: string,
  tar: readonly string[],
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const key = `${source.name}_${source.version}`;
  return cache.entry(kind, key, async (directory) => {
    const deb = await archive.download(source);
    const started = Date.now();
    const words = tar.map((word) => word.replace('NAME', source.name)).join(' ');
    await recipe(directory, signal)`
      set -f
      dpkg-deb --fsys-tarfile ${deb} | tar -xO ${`./usr/src/${source.name}.tar.xz`} | xz -dc -T0 |
        tar -x $(echo ${words})`;
    report(`unpacked ${source.name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
}

/** drivers/md alone, for the control. */
export async function unpackMd(
  cache: Cache,
  archive: DebianArchive,
  source: Package,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const words = ['--strip-components=2', 'NAME/drivers/md'];
  const entry = await unpackSource(cache, archive, source, 'md', words, report, signal);
  return path.join(entry, 'md');
}

/** The whole tree of a Debian kernel's sources; its path is for `src:`. */
export async function fetchSource(
  cache: Cache,
  text: string,
  arch: Arch,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const spec = parseKernelSpec(text);
  if (spec.from !== 'debian') {
    throw new DmraceError('usage', {
      observed: `kernel fetch --source ${text}: only Debian's kernels are fetched`,
      action: 'name one, e.g. debian:6.12',
    });
  }
  const told = cache.telling(report);
  const { archive, stock } = await resolveStock(told, arch, spec, report, signal);
  const words = ['--strip-components=1'];
  return unpackSource(told, archive, stock.source, 'source', words, report, signal);
}
